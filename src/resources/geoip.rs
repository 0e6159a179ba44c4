//! Where addresses are: a MaxMind DB with cities.

use std::net::IpAddr;
use std::path::Path;

use maxminddb::{PathElement, Reader};

use super::{ResourceError, read};

/// How large a database may be, in bytes.
const MAX_DATABASE: u64 = 1 << 30;

/// A database of places.
#[derive(Debug)]
pub struct GeoIp {
    reader: Reader<Vec<u8>>,
}

/// What is known of an address.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Place {
    /// The city's name.
    pub city: Option<String>,
    /// The name of the continent.
    pub continent: Option<String>,
    /// The country's name.
    pub country: Option<String>,
    /// The code of the area of television markets, in the United States.
    pub metro_code: Option<u32>,
    /// The name of the largest part of the country.
    pub region: Option<String>,
    /// The name of the zone, as in the time zone database.
    pub timezone: Option<String>,
    /// Degrees north.
    pub latitude: Option<f64>,
    /// Degrees east.
    pub longitude: Option<f64>,
}

impl GeoIp {
    pub(super) fn load(path: &Path) -> Result<Self, ResourceError> {
        Self::parse(read(path, MAX_DATABASE)?, path)
    }

    pub(super) fn parse(bytes: Vec<u8>, path: &Path) -> Result<Self, ResourceError> {
        let wrong = |source| ResourceError::Geoip { path: path.to_owned(), source };
        Reader::from_source(bytes).map(|reader| Self { reader }).map_err(wrong)
    }

    /// What is known of an address, with names in a language (`en`), or in English where there is
    /// none in that. `None` for what the database does not have, private addresses among them, and
    /// for what cannot be read.
    #[must_use]
    pub fn place(&self, address: IpAddr, language: &str) -> Option<Place> {
        const NAMES: PathElement<'_> = PathElement::Key("names");
        let found = self.reader.lookup(address).ok()?;
        if !found.has_data() {
            return None;
        }
        let key = PathElement::Key;
        let text = |path: &[PathElement<'_>]| found.decode_path::<String>(path).ok().flatten();
        let name = |path: &[PathElement<'_>]| {
            [language, "en"].iter().find_map(|language| {
                let path = [path, &[NAMES, PathElement::Key(language)]].concat();
                text(&path)
            })
        };
        let degrees = |name| found.decode_path(&[key("location"), key(name)]).ok().flatten();
        Some(Place {
            city: name(&[key("city")]),
            continent: name(&[key("continent")]),
            country: name(&[key("country")]),
            metro_code: found
                .decode_path(&[key("location"), key("metro_code")])
                .ok()
                .flatten()
                .map(|code: u16| u32::from(code)),
            region: name(&[key("subdivisions"), PathElement::Index(0)]),
            timezone: text(&[key("location"), key("time_zone")]),
            latitude: degrees("latitude"),
            longitude: degrees("longitude"),
        })
    }
}
