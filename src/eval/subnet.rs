//! Subnets: an address and how many of its first bits count (SPLUNK.md 1.12).

use std::net::IpAddr;

/// A subnet, IPv4 or IPv6.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subnet {
    network: IpAddr,
    prefix: u32,
}

impl Subnet {
    /// Reads `10.0.0.0/8` and the like; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = text.split_once('/')?;
        let network: IpAddr = address.parse().ok()?;
        let prefix: u32 = prefix.parse().ok()?;
        let most = if network.is_ipv4() { 32 } else { 128 };
        (prefix <= most).then_some(Self { network, prefix })
    }

    /// Whether `address` is an address in the subnet.
    #[must_use]
    pub fn holds(self, address: &str) -> bool {
        match (address.parse(), self.network) {
            (Ok(IpAddr::V4(address)), IpAddr::V4(network)) => {
                let mask = u32::MAX.checked_shl(32 - self.prefix).unwrap_or(0);
                (address.to_bits() ^ network.to_bits()) & mask == 0
            }
            (Ok(IpAddr::V6(address)), IpAddr::V6(network)) => {
                let mask = u128::MAX.checked_shl(128 - self.prefix).unwrap_or(0);
                (address.to_bits() ^ network.to_bits()) & mask == 0
            }
            _ => false,
        }
    }
}
