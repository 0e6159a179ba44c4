//! What rules ask for beside the logs: lookup tables and a database of places of addresses. A user
//! names the files; without them the fields that they would fill stay empty.

mod geoip;
mod table;

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use geoip::{GeoIp, Place};
pub use table::{Index, Table};

/// The lookup tables by name and the database of places. The default is none of either.
#[derive(Debug, Clone, Default)]
pub struct Resources {
    tables: BTreeMap<String, Arc<Table>>,
    geoip: Option<Arc<GeoIp>>,
}

/// Why a file could not be used.
#[derive(Debug, thiserror::Error)]
pub enum ResourceError {
    /// The file itself.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is larger than so many bytes.
    #[error("{}: larger than {} bytes", .0.display(), .1)]
    TooLarge(PathBuf, u64),
    /// It is no table.
    #[error("{}: no CSV table: {source}", path.display())]
    Csv {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: csv::Error,
    },
    /// It has no line with the names of its columns.
    #[error("{}: no CSV table: its first line names no column", .0.display())]
    NoColumns(PathBuf),
    /// It is no database.
    #[error("{}: no MaxMind database: {source}", path.display())]
    Geoip {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: maxminddb::MaxMindDbError,
    },
}

impl Resources {
    /// Reads the CSV file of the lookup `name`, in place of one of the same name.
    ///
    /// # Errors
    /// When the file cannot be read or is no table.
    pub fn add_lookup(&mut self, name: &str, path: &Path) -> Result<(), ResourceError> {
        let table = Table::load(path)?;
        self.tables.insert(name.to_owned(), Arc::new(table));
        Ok(())
    }

    /// Reads the database of places: a MaxMind DB with cities, as GeoLite2-City.mmdb.
    ///
    /// # Errors
    /// When the file cannot be read or is no such database.
    pub fn set_geoip(&mut self, path: &Path) -> Result<(), ResourceError> {
        self.geoip = Some(Arc::new(GeoIp::load(path)?));
        Ok(())
    }

    /// The table of the lookup `name`.
    #[must_use]
    pub fn lookup(&self, name: &str) -> Option<&Arc<Table>> {
        self.tables.get(name)
    }

    /// The database of places.
    #[must_use]
    pub fn geoip(&self) -> Option<&Arc<GeoIp>> {
        self.geoip.as_ref()
    }
}

/// Reads a file of no more than `limit` bytes.
fn read(path: &Path, limit: u64) -> Result<Vec<u8>, ResourceError> {
    let io = |source| ResourceError::Io { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(io)?;
    // A pipe or device has no length, and may have no end.
    file.take(limit + 1).read_to_end(&mut bytes).map_err(io)?;
    if bytes.len() as u64 > limit {
        return Err(ResourceError::TooLarge(path.to_owned(), limit));
    }
    Ok(bytes)
}
