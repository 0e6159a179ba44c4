//! A small MaxMind DB of IPv4 networks, written from the format's specification 2.0.

/// A value of the data section.
pub enum Datum {
    Text(&'static str),
    Double(f64),
    U16(u16),
    U32(u32),
    U64(u64),
    Map(Vec<(&'static str, Datum)>),
    Array(Vec<Datum>),
}

/// The bytes of a database with these networks, as (address, length of the prefix, data).
pub fn mmdb(networks: &[([u8; 4], u32, Datum)]) -> Vec<u8> {
    let mut data = Vec::new();
    let offsets: Vec<usize> = networks
        .iter()
        .map(|(_, _, datum)| {
            let at = data.len();
            write(datum, &mut data);
            at
        })
        .collect();
    let (nodes, leaves) = tree(networks);
    let count = nodes.len();
    let mut out = Vec::new();
    for node in &nodes {
        for branch in node {
            let record = match *branch {
                Branch::None => count,
                Branch::Node(node) => node,
                Branch::Leaf(leaf) => count + 16 + offsets[leaves[leaf]],
            };
            out.extend(&u32::try_from(record).unwrap().to_be_bytes()[1..]);
        }
    }
    out.extend([0; 16]);
    out.extend(data);
    out.extend(b"\xab\xcd\xefMaxMind.com");
    write(&metadata(count), &mut out);
    out
}

#[derive(Clone, Copy)]
enum Branch {
    None,
    Node(usize),
    Leaf(usize),
}

/// The nodes of the search tree, and which network each leaf is.
fn tree(networks: &[([u8; 4], u32, Datum)]) -> (Vec<[Branch; 2]>, Vec<usize>) {
    let (mut nodes, mut leaves) = (vec![[Branch::None; 2]], Vec::new());
    for (index, (address, length, _)) in networks.iter().enumerate() {
        let bits = u32::from_be_bytes(*address);
        let mut at = 0;
        for depth in 0..*length {
            let bit = (bits >> (31 - depth) & 1) as usize;
            if depth + 1 == *length {
                nodes[at][bit] = Branch::Leaf(leaves.len());
                leaves.push(index);
            } else if let Branch::Node(next) = nodes[at][bit] {
                at = next;
            } else {
                nodes.push([Branch::None; 2]);
                nodes[at][bit] = Branch::Node(nodes.len() - 1);
                at = nodes.len() - 1;
            }
        }
    }
    (nodes, leaves)
}

fn metadata(nodes: usize) -> Datum {
    Datum::Map(vec![
        ("binary_format_major_version", Datum::U16(2)),
        ("binary_format_minor_version", Datum::U16(0)),
        ("build_epoch", Datum::U64(1_700_000_000)),
        ("database_type", Datum::Text("Test-City")),
        ("description", Datum::Map(vec![("en", Datum::Text("made for a test"))])),
        ("ip_version", Datum::U16(4)),
        ("languages", Datum::Array(vec![Datum::Text("en")])),
        ("node_count", Datum::U32(u32::try_from(nodes).unwrap())),
        ("record_size", Datum::U16(24)),
    ])
}

fn write(datum: &Datum, to: &mut Vec<u8>) {
    match datum {
        Datum::Text(text) => text_bytes(text, to),
        Datum::Double(number) => {
            control(3, 8, to);
            to.extend(number.to_be_bytes());
        }
        Datum::U16(number) => {
            control(5, 2, to);
            to.extend(number.to_be_bytes());
        }
        Datum::U32(number) => {
            control(6, 4, to);
            to.extend(number.to_be_bytes());
        }
        Datum::Map(pairs) => {
            control(7, pairs.len(), to);
            for (key, value) in pairs {
                text_bytes(key, to);
                write(value, to);
            }
        }
        Datum::U64(number) => {
            control(9, 8, to);
            to.extend(number.to_be_bytes());
        }
        Datum::Array(list) => {
            control(11, list.len(), to);
            list.iter().for_each(|one| write(one, to));
        }
    }
}

fn text_bytes(text: &str, to: &mut Vec<u8>) {
    control(2, text.len(), to);
    to.extend(text.as_bytes());
}

/// The control byte of a value of a type and a size; types from 8 on take a second byte.
fn control(kind: u8, size: usize, to: &mut Vec<u8>) {
    let size = u8::try_from(size).ok().filter(|&size| size < 29).expect("a short value");
    if kind < 8 {
        to.push(kind << 5 | size);
    } else {
        to.extend([size, kind - 7]);
    }
}
