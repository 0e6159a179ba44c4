//! The commands of Splunk that are not supported (searchbnf.conf, and the Search Reference), and what
//! to do where they stand.

/// Their names.
pub(super) const NAMES: &[&str] = &[
    "abstract",
    "addcoltotals",
    "addinfo",
    "addtotals",
    "analyzefields",
    "anomalies",
    "anomalousvalue",
    "anomalydetection",
    "appendcols",
    "appendpipe",
    "arules",
    "associate",
    "autoregress",
    "bucketdir",
    "chart",
    "cluster",
    "cofilter",
    "collect",
    "concurrency",
    "contingency",
    "correlate",
    "datamodel",
    "dbinspect",
    "delete",
    "diff",
    "erex",
    "eventcount",
    "extract",
    "fieldformat",
    "fieldsummary",
    "findtypes",
    "folderize",
    "format",
    "from",
    "gauge",
    "gentimes",
    "geom",
    "geomfilter",
    "geostats",
    "highlight",
    "history",
    "iconify",
    "inputcsv",
    "inputintelligence",
    "kmeans",
    "kv",
    "kvform",
    "loadjob",
    "localize",
    "localop",
    "makecontinuous",
    "makejson",
    "makeresults",
    "map",
    "mcollect",
    "metadata",
    "metasearch",
    "meventcollect",
    "mpreview",
    "msearch",
    "mstats",
    "multikv",
    "multisearch",
    "outlier",
    "outputcsv",
    "outputlookup",
    "outputtext",
    "overlap",
    "pivot",
    "predict",
    "rangemap",
    "redistribute",
    "reltime",
    "replace",
    "require",
    "rest",
    "return",
    "rtorder",
    "run",
    "savedsearch",
    "script",
    "scrub",
    "searchtxn",
    "selfjoin",
    "sendalert",
    "sendemail",
    "set",
    "setfields",
    "sichart",
    "sirare",
    "sistats",
    "sitimechart",
    "sitop",
    "tags",
    "timechart",
    "timewrap",
    "tojson",
    "transpose",
    "trendline",
    "tscollect",
    "tstats",
    "typeahead",
    "typelearner",
    "typer",
    "union",
    "uniq",
    "walklex",
    "x11",
    "xmlkv",
    "xmlunescape",
    "xpath",
    "xsdata",
];

/// What to do instead of a command, where that is not to write another one.
pub(super) fn hint(name: &str) -> Option<&'static str> {
    Some(match name {
        "tstats" | "datamodel" | "from" | "pivot" | "mstats" | "mpreview" | "msearch" => {
            "it reads what Splunk has summed up of a data model or an index, and an archive holds \
             only the events: write the search for these, and `stats` behind it"
        }
        "collect" | "mcollect" | "meventcollect" | "outputcsv" | "outputlookup" | "outputtext"
        | "sendalert" | "tscollect" => {
            "it hands the rows on, and the rows of a scan are its output: take the command out"
        }
        "dbinspect" | "eventcount" | "history" | "inputcsv" | "inputintelligence" | "loadjob"
        | "metadata" | "metasearch" | "rest" | "savedsearch" | "typeahead" | "walklex" => {
            "it asks a Splunk server, and a scan has none; a table can be given with --lookup"
        }
        "map" | "run" | "script" => {
            "it runs something for each row, which a scan never does: run the inner search on its \
             own, or put both together with `join`"
        }
        "analyzefields" | "anomalies" | "anomalousvalue" | "anomalydetection" | "arules"
        | "associate" | "cluster" | "cofilter" | "correlate" | "kmeans" | "outlier" | "predict"
        | "trendline" | "x11" => {
            "how it computes is written nowhere in full, so its rows could not be the same: use \
             `eventstats` with avg, stdev or percentiles"
        }
        _ => return None,
    })
}
