//! A lookup table: a CSV file whose first line names its columns, plain or as gzip.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use csv::StringRecord;

use super::{ResourceError, read};

/// How large a table may be, in bytes, unpacked.
const MAX_TABLE: u64 = 256 << 20;

/// The rows of a table.
#[derive(Debug)]
pub struct Table {
    columns: Vec<String>,
    rows: Vec<StringRecord>,
    /// The indexes that were asked for, by column: rules share them.
    indexes: Mutex<BTreeMap<usize, Arc<Index>>>,
}

/// The rows of a table by the values of one of its columns.
#[derive(Debug)]
pub struct Index(BTreeMap<String, Vec<usize>>);

impl Table {
    pub(super) fn load(path: &Path) -> Result<Self, ResourceError> {
        let bytes = read(path, MAX_TABLE)?;
        if !bytes.starts_with(&[0x1f, 0x8b]) {
            return Self::parse(&bytes, path);
        }
        let mut plain = Vec::new();
        let mut decoder = flate2::read::MultiGzDecoder::new(&bytes[..]).take(MAX_TABLE + 1);
        let io = |source| ResourceError::Io { path: path.to_owned(), source };
        decoder.read_to_end(&mut plain).map_err(io)?;
        if plain.len() as u64 > MAX_TABLE {
            return Err(ResourceError::TooLarge(path.to_owned(), MAX_TABLE));
        }
        Self::parse(&plain, path)
    }

    /// Reads the text of a table; `path` is what errors call it. Of two columns of one name the
    /// first counts; rows may be short or long. Invalid UTF-8 is read as U+FFFD.
    pub(super) fn parse(bytes: &[u8], path: &Path) -> Result<Self, ResourceError> {
        let wrong = |source| ResourceError::Csv { path: path.to_owned(), source };
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(bytes);
        let text = |cell: &[u8]| String::from_utf8_lossy(cell).into_owned();
        let columns: Vec<String> = reader
            .byte_headers()
            .map_err(wrong)?
            .iter()
            .map(|name| text(name.trim_ascii()))
            .collect();
        if columns.iter().all(String::is_empty) {
            return Err(ResourceError::NoColumns(path.to_owned()));
        }
        let mut rows = Vec::new();
        for record in reader.byte_records() {
            rows.push(StringRecord::from_byte_record_lossy(record.map_err(wrong)?));
        }
        Ok(Self { columns, rows, indexes: Mutex::default() })
    }

    /// How many rows it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether it has no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The names of the columns, in order.
    #[must_use]
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The number of the column `name`; names are case-sensitive.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column == name)
    }

    /// A cell; `None` for an empty one, which is no value.
    #[must_use]
    pub fn cell(&self, row: usize, column: usize) -> Option<&str> {
        self.rows.get(row)?.get(column).filter(|cell| !cell.is_empty())
    }

    /// The rows by the values of a column: made once, however many rules ask.
    #[must_use]
    pub fn index(&self, column: usize) -> Arc<Index> {
        let mut indexes = self.indexes.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(indexes.entry(column).or_insert_with(|| Arc::new(self.make_index(column))))
    }

    fn make_index(&self, column: usize) -> Index {
        let mut index: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for row in 0..self.rows.len() {
            if let Some(cell) = self.cell(row, column) {
                index.entry(cell.to_owned()).or_default().push(row);
            }
        }
        Index(index)
    }
}

impl Index {
    /// The rows with this value, in the order of the file.
    #[must_use]
    pub fn rows(&self, value: &str) -> &[usize] {
        self.0.get(value).map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str) -> Result<Table, String> {
        Table::parse(text.as_bytes(), Path::new("t.csv")).map_err(|error| error.to_string())
    }

    #[test]
    fn tables_are_read_as_they_come() {
        let text =
            "\u{feff}user, team ,note\r\nalice,red,\"a, \"\"b\"\"\nc\"\r\nbob\nalice,,x,y,z\n";
        let table = table(text).unwrap();
        assert_eq!(table.columns(), ["user", "team", "note"]);
        assert_eq!((table.column("team"), table.column("Team")), (Some(1), None));
        assert_eq!(table.cell(0, 2), Some("a, \"b\"\nc"));
        assert_eq!((table.cell(1, 0), table.cell(1, 1)), (Some("bob"), None));
        assert_eq!((table.cell(2, 1), table.cell(2, 2), table.cell(3, 0)), (None, Some("x"), None));
        assert_eq!(table.index(0).rows("alice"), [0, 2]);
        assert_eq!(table.index(0).rows("Alice"), [0; 0]);
        assert_eq!(table.index(1).rows(""), [0; 0]);
    }

    #[test]
    fn what_names_no_column_is_no_table() {
        for text in ["", "\n", ",,\na,b,c\n"] {
            let error = table(text).err();
            assert_eq!(
                error.as_deref(),
                Some("t.csv: no CSV table: its first line names no column"),
                "{text:?}"
            );
        }
    }

    #[test]
    fn gzip_is_read() {
        use std::io::Write;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.csv.gz");
        let file = std::fs::File::create(&path).unwrap();
        let mut encoder = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
        encoder.write_all(b"a,b\n1,2\n").unwrap();
        encoder.finish().unwrap();
        assert_eq!(Table::load(&path).unwrap().cell(0, 1), Some("2"));
        std::fs::write(&path, [0x1f, 0x8b, 1, 2]).unwrap();
        assert!(matches!(Table::load(&path), Err(ResourceError::Io { .. })));
    }
}
