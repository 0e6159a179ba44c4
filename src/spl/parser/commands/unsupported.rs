//! The commands of Splunk that are not supported yet (searchbnf.conf, and the Search Reference).

/// Their names.
pub(super) const NAMES: &[&str] = &[
    "abstract", "accum", "addcoltotals", "addinfo", "addtotals", "analyzefields", "anomalies",
    "anomalousvalue", "anomalydetection", "append", "appendcols", "appendpipe", "arules",
    "associate", "autoregress", "bucketdir", "chart", "cluster", "cofilter", "collect",
    "concurrency", "contingency", "convert", "correlate", "datamodel", "dbinspect", "dedup",
    "delete", "delta", "diff", "erex", "eventcount", "eventstats", "extract", "fieldformat",
    "fieldsummary", "filldown", "fillnull", "findtypes", "folderize", "foreach", "format", "from",
    "gauge", "gentimes", "geom", "geomfilter", "geostats", "head", "highlight", "history",
    "iconify", "inputcsv", "inputintelligence", "inputlookup", "iplocation", "join", "kmeans",
    "kv", "kvform", "loadjob", "localize", "localop", "lookup", "makecontinuous", "makejson",
    "makemv", "makeresults", "map", "mcollect", "metadata", "metasearch", "meventcollect",
    "mpreview", "msearch", "mstats", "multikv", "multisearch", "mvcombine", "mvexpand", "nomv",
    "outlier", "outputcsv", "outputlookup", "outputtext", "overlap", "pivot", "predict",
    "rangemap", "rare", "redistribute", "reltime", "replace", "require", "rest", "return",
    "reverse", "rex", "rtorder", "run", "savedsearch", "script", "scrub", "searchtxn", "selfjoin",
    "sendalert", "sendemail", "set", "setfields", "sichart", "sirare", "sistats", "sitimechart",
    "sitop", "sort", "spath", "strcat", "streamstats", "tags", "tail", "timechart", "timewrap",
    "tojson", "top", "transaction", "transpose", "trendline", "tscollect", "tstats", "typeahead",
    "typelearner", "typer", "union", "uniq", "untable", "walklex", "x11", "xmlkv", "xmlunescape",
    "xpath", "xsdata", "xyseries",
];
