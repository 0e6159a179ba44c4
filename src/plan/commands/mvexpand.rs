//! `mvexpand`: a row for each value of a field. A row without the field goes on as it is.

use super::{Context, Held, Lowered, SetCommand};
use crate::aggregate::Evidence;
use crate::eval::row::Record;
use crate::spl::ast;
use crate::value::Field;

/// How many bytes the new rows may take, as in Splunk (limits.conf, `[mvexpand]`
/// `max_mem_usage_mb`). Splunk drops what is beyond; here the other rows go on unexpanded.
const MAX_BYTES: usize = 500 << 20;

#[derive(Debug)]
struct Mvexpand {
    field: String,
    limit: usize,
}

pub(super) fn lower(mvexpand: &ast::Mvexpand) -> Lowered {
    let limit = match usize::try_from(mvexpand.limit).unwrap_or(usize::MAX) {
        0 => usize::MAX,
        some => some,
    };
    Lowered::Set(Box::new(Mvexpand { field: mvexpand.field.clone(), limit }))
}

impl SetCommand for Mvexpand {
    fn apply(&self, rows: Vec<Held>, context: Context<'_>) -> Vec<Held> {
        let (mut out, mut left) = (Vec::with_capacity(rows.len()), MAX_BYTES);
        let mut whole = 0;
        for row in rows {
            whole += usize::from(!self.expand(row, &mut left, &mut out));
        }
        if whole > 0 {
            context.allowance.note(format!(
                "mvexpand {}: {whole} rows keep their values together, for they would take more \
                 than 500 MiB apart",
                self.field
            ));
        }
        out
    }
}

impl Mvexpand {
    /// Makes rows of one; `left` is how many bytes they may take. `false` says that it was too
    /// large, and stays as it is.
    fn expand(&self, (mut record, evidence): Held, left: &mut usize, out: &mut Vec<Held>) -> bool {
        let values = match record.take(&self.field) {
            Some(Field::Many(values)) => values,
            one => {
                record.set(&self.field, one);
                out.push((record, evidence));
                return true;
            }
        };
        let count = values.len().min(self.limit);
        let each = record.size() + evidence.iter().map(Evidence::size).sum::<usize>();
        let size = each.saturating_mul(count);
        if size > *left {
            record.set(&self.field, Some(Field::Many(values)));
            out.push((record, evidence));
            return false;
        }
        *left -= size;
        for value in values.into_iter().take(count) {
            let fields = record.iter().map(|(name, field)| (name.to_owned(), field.clone()));
            let mut one = Record::new(fields);
            one.set(&self.field, Some(Field::One(value)));
            out.push((one, evidence.clone()));
        }
        true
    }
}
