//! The files target: a file of any kind that rules, macros or tests are kept in is read or refused,
//! and `coldsweep rules` says so in whatever format it is asked for.

use std::path::Path;
use std::time::Duration;

use coldsweep::plan::Plan;
use coldsweep::reading::Reading;
use coldsweep::rule::Rule;
use coldsweep::rule::cases::CaseFile;
use coldsweep::spl::Macros;

use super::mutate::mutate;
use super::rng::Rng;
use super::seeds;
use crate::common;
use crate::common::program::Program;

/// The names that files are given: what they say and what they are called need not agree.
const NAMES: [&str; 6] =
    ["r.yml", "savedsearches.conf", "r.spl", "r.test.yml", "macros.conf", "macros.toml"];

/// How many rules of one file are compiled.
const MOST_RULES: usize = 8;

/// The target.
pub struct Target {
    files: Vec<Vec<u8>>,
    seed: u64,
}

impl Target {
    /// The target whose cases are those of `seed`.
    pub fn new(seed: u64) -> Self {
        let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
        let read = |name: &str| std::fs::read(rules.join(name)).expect("a rule of ours");
        let tests = read("remote_msi_installation.test.yml");
        let mut files = vec![
            read("remote_msi_installation.yml"),
            // The whole is long: a mutation would seldom be where it matters.
            tests[..tests.len().min(4_000)].to_vec(),
        ];
        files.extend(FILES.iter().map(|text| text.as_bytes().to_vec()));
        Self { files, seed }
    }

    /// The file of a case, after a line with its name.
    pub fn make(&self, case: u64) -> Vec<u8> {
        let mut rng = Rng::of_case(self.seed, case);
        let name = *rng.pick(&NAMES);
        let (file, other) = seeds::pair(&self.files, &mut rng);
        let mut bytes = file.to_vec();
        if !rng.one_in(16) {
            mutate(&mut bytes, other, &mut rng);
        }
        [name.as_bytes(), b"\n", &bytes].concat()
    }

    /// Reads a file as everything it may be; now and then the program does.
    pub fn check(&self, input: &[u8]) -> Result<(), String> {
        let end = input.iter().position(|&byte| byte == b'\n').unwrap_or(input.len());
        let (name, bytes) = (&input[..end], input.get(end + 1..).unwrap_or_default());
        let name = NAMES.iter().find(|known| known.as_bytes() == name).unwrap_or(&NAMES[0]);
        let text = String::from_utf8_lossy(bytes);
        let settings = common::settings(Reading::AS_MEANT);
        for rule in Rule::parse_each(&text, name).unwrap_or_default().into_iter().take(MOST_RULES) {
            let findings = match Plan::compile(rule.clone(), &settings) {
                Ok((_, findings)) => findings,
                Err(refusal) => refusal.findings,
            };
            let shown = rule.render(&findings, false);
            for finding in &findings {
                let span = rule.file_span(finding.span);
                if rule.origin.text.get(span.range()).is_none() {
                    return Err(format!("{finding:?} is nowhere"));
                }
                if !shown.contains(finding.code) {
                    return Err(format!("{finding:?} is not shown"));
                }
            }
        }
        // Whether they are what they are taken for is not known: only that nothing breaks.
        let _ = CaseFile::parse(&text, Path::new("r.test.yml"));
        let _ = Macros::parse(&text, "macros.conf");
        if input.len().is_multiple_of(24) { run_program(name, bytes) } else { Ok(()) }
    }
}

/// Runs the program on a file in each format. It panics where the program does.
fn run_program(name: &str, bytes: &[u8]) -> Result<(), String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let rule = include_str!("../rules/remote_msi_installation.yml");
    std::fs::write(folder.path().join("r.yml"), rule).map_err(|error| error.to_string())?;
    std::fs::write(folder.path().join(name), bytes).map_err(|error| error.to_string())?;
    let command = if name == "r.test.yml" { "test" } else { "check" };
    for format in ["table", "json", "junit", "sarif"] {
        if (command, format) == ("test", "sarif") {
            continue;
        }
        let run = Program::new(["rules", command, "-f", format, name])
            .within(folder.path())
            .limit(Duration::from_secs(50))
            .run();
        if !(0..=2).contains(&run.status) {
            return Err(format!("status {}: {}", run.status, run.stderr));
        }
        let is_sound = match format {
            "json" | "sarif" => serde_json::from_str::<serde_json::Value>(&run.stdout).is_ok(),
            "junit" => quick_junit::Report::deserialize_from_str(&run.stdout).is_ok(),
            _ => !run.stdout.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t')),
        };
        if !is_sound && !run.stdout.is_empty() {
            return Err(format!("{command} -f {format} wrote:\n{}", run.stdout));
        }
    }
    Ok(())
}

/// Small files of the other kinds.
const FILES: [&str; 7] = [
    "# of a tool\n[default]\ndisabled = 1\n\n[ESCU - One - Rule]\ndescription = Finds one.\n\
     action.correlationsearch.annotations = {\"mitre_attack\": [\"T1059\", \\\n \"T1105\"]}\n\
     search = `sysmon` EventCode=1 \"a\\\\b\" \\\n| where match(process, \"(?i)x\") \\\n\
     | stats count by host, user\n[Two]\nsearch = TERM(--) or (host=a host=b)\n",
    "name: Some\nid: 8a2b\ndescription: |-\n  Two\n  lines\nsearch: '| tstats `x`\n  count \
     from datamodel=Endpoint'\nhow_to_implement: Collect.\ntags:\n  mitre_attack_id:\n  - T1059\n",
    "`get_endpoint_data_winevent` a OR b \"c d\" ```why``` NOT TERM(e)\n| table f*, _time\n\
     | where message=\"x\" and signature_id=1 and signature_id=2\n| bin span=1s\n\
     | stats values(*) as * by _time, user\n",
    "[a]\ndefinition = index=main\niseval = 0\n[b(2)]\nargs = x, y\ndefinition = $x$ OR \\\n$y$\n\
     validation = isnum(x)\nerrormsg = no\n",
    "[a]\ndefinition = \"index=main\"\n[\"b(1)\"]\nargs = [\"x\"]\ndefinition = '$x$'\n",
    "rule: r.yml\ncases:\n- name: one\n  events:\n  - {raw: \"EventCode=4688\\n\", host: h}\n\
     - {file: r.yml, format: xml}\n  strict: true\n  rows: [{host: h, a: [b, ~], c: ~}]\n\
     - name: two\n  events: [{raw: x}]\n  reading: -bin-time,all\n  count: 0\n",
    "",
];
