//! `iplocation`: where an address is (SPLUNK.md 4, iplocation; Search Reference, iplocation). An
//! address that the database has sets all fields, empty where it does not know more; another sets
//! none. Of several addresses in a field each that is found gives its values (inferred).

use std::net::IpAddr;
use std::sync::Arc;

use super::lookup::Nothing;
use super::{Context, Lowered, RowCommand};
use crate::eval::expr::Compiler;
use crate::eval::row::Record;
use crate::resources::{GeoIp, Place};
use crate::spl::ast;
use crate::spl::codes;
use crate::spl::diagnostic::Diagnostic;
use crate::value::{Field, Value, number_text};

/// A field that is set.
struct Output {
    name: &'static str,
    /// Whether it is set without `allfields=true`.
    usual: bool,
    value: fn(&Place) -> Option<String>,
}

const fn usual(name: &'static str, value: fn(&Place) -> Option<String>) -> Output {
    Output { name, usual: true, value }
}

const fn other(name: &'static str, value: fn(&Place) -> Option<String>) -> Output {
    Output { name, usual: false, value }
}

const OUTPUTS: &[Output] = &[
    usual("City", |place| place.city.clone()),
    other("Continent", |place| place.continent.clone()),
    usual("Country", |place| place.country.clone()),
    other("MetroCode", |place| place.metro_code.map(|code| code.to_string())),
    usual("Region", |place| place.region.clone()),
    other("Timezone", |place| place.timezone.clone()),
    usual("lat", |place| place.latitude.map(number_text)),
    usual("lon", |place| place.longitude.map(number_text)),
];

#[derive(Debug)]
struct Iplocation {
    geoip: Arc<GeoIp>,
    field: String,
    prefix: String,
    all_fields: bool,
    language: String,
}

pub(super) fn lower(iplocation: &ast::Iplocation, compiler: &mut Compiler) -> Lowered {
    let Some(geoip) = compiler.resources.geoip().cloned() else {
        compiler.diagnostics.push(
            Diagnostic::warning(
                codes::GEOIP_NOT_GIVEN,
                "`iplocation` has no database: the fields it fills stay as they are",
                iplocation.field.span,
            )
            .with_hint("name a MaxMind database with cities with --geoip FILE"),
        );
        return Lowered::Row(Box::new(Nothing));
    };
    Lowered::Row(Box::new(Iplocation {
        geoip,
        field: iplocation.field.node.clone(),
        prefix: iplocation.prefix.clone(),
        all_fields: iplocation.all_fields,
        language: iplocation.language.clone(),
    }))
}

impl RowCommand for Iplocation {
    fn apply(&self, mut record: Record, _: Context<'_>) -> Option<Record> {
        let Some(field) = record.get(&self.field) else { return Some(record) };
        let addresses = field.values().iter().filter_map(|value| address(&value.text()));
        let places = addresses.filter_map(|address| self.geoip.place(address, &self.language));
        let places: Vec<Place> = places.collect();
        for output in OUTPUTS.iter().filter(|output| output.usual || self.all_fields) {
            let values = places.iter().map(|place| (output.value)(place).unwrap_or_default());
            if let Some(found) = Field::from_values(values.map(Value::Text).collect()) {
                record.set(&format!("{}{}", self.prefix, output.name), Some(found));
            }
        }
        Some(record)
    }
}

/// Reads an address, or the address of a subnet.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    text.split_once('/').map_or(text, |(address, _)| address).parse().ok()
}
