//! placeholder
/// placeholder
#[derive(Debug)]
pub struct Cache;
