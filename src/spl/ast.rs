//! The syntax tree of a search: what the text says, with the place of every part.
//!
//! Nothing here knows what a field, an event or a byte is. Strings are already unescaped once
//! (SPLUNK.md 2): `\\` is `\`, `\"` is `"`, any other `\x` stays as it is.

use std::ops::Range;

/// A half-open range of bytes in the text of a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// The span of `range`.
    #[must_use]
    pub const fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// The smallest span that holds both.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// As a range, for slicing.
    #[must_use]
    pub const fn range(self) -> Range<usize> {
        self.start..self.end
    }
}

/// A part of the tree and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Spanned<T> {
    /// The part.
    pub node: T,
    /// Where it stands in the text.
    pub span: Span,
}

/// A whole search: commands in order. The first is always a [`CommandKind::Search`]
/// (the base search; empty when the text starts with a pipe).
#[derive(Debug, Clone, PartialEq)]
pub struct Pipeline {
    /// The commands, left to right.
    pub commands: Vec<Command>,
}

/// One command of a pipeline.
#[derive(Debug, Clone, PartialEq)]
pub struct Command {
    /// What it does.
    pub kind: CommandKind,
    /// From its name to the next pipe.
    pub span: Span,
}

/// The commands, each with its arguments.
#[derive(Debug, Clone, PartialEq)]
pub enum CommandKind {
    /// `search EXPR`, or the base search.
    Search(SearchExpr),
    /// `where EXPR`.
    Where(Expr),
    /// `table LIST`: only these fields, in this order.
    Table(Vec<FieldPattern>),
    /// `fields [+|-] LIST`.
    Fields {
        /// Whether the list is kept (`+`, the default) or dropped (`-`).
        keep: bool,
        /// The patterns.
        list: Vec<FieldPattern>,
    },
    /// `bin [span=S] [field] [as name]`, also `bucket` and `discretize`.
    Bin(Bin),
    /// `stats AGG... [by FIELD...]`.
    Stats(Stats),
    /// `regex [field][=|!=]"re"`.
    Regex {
        /// The field, `_raw` when none is written.
        field: Spanned<String>,
        /// Whether it was written `!=`.
        negated: bool,
        /// The pattern.
        pattern: Spanned<String>,
    },
    /// `rename a as b, ...`.
    Rename(Vec<(FieldPattern, FieldPattern)>),
    /// `eval a=EXPR, b=EXPR`.
    Eval(Vec<(Spanned<String>, Expr)>),
    /// `accum FIELD [AS NAME]`.
    Accum(Running),
    /// `append [SUBSEARCH]`.
    Append(Box<Pipeline>),
    /// `convert [timeformat=F] FUNCTION(FIELD) [AS NAME]...`.
    Convert(Box<Convert>),
    /// `dedup [N] FIELD...`.
    Dedup(Dedup),
    /// `delta FIELD [AS NAME] [p=N]`.
    Delta {
        /// The field and the name of its result.
        of: Running,
        /// How many rows back the other value stands: 1 or more.
        back: u64,
    },
    /// `filldown [FIELD]...`.
    Filldown(Vec<FieldPattern>),
    /// `inputlookup [append=B] [start=N] [max=N] NAME`.
    Inputlookup(Inputlookup),
    /// `mvcombine [delim=D] FIELD`.
    Mvcombine(Spanned<String>),
    /// `spath [input=F] [output=F] [path=P]`.
    Spath(Spath),
    /// `strcat [allrequired=B] SOURCE... FIELD`.
    Strcat(Strcat),
    /// `xyseries ROW COLUMN VALUE`.
    Xyseries(Series),
    /// `untable ROW COLUMN VALUE`.
    Untable(Series),
    /// `eventstats AGG... [by FIELD...]`.
    Eventstats(Stats),
    /// `fillnull [value=V] [LIST]`.
    Fillnull(Fillnull),
    /// `head [N]`.
    Head(Head),
    /// `rex [field=F] "re"` and `rex mode=sed "s/../../"`.
    Rex(Rex),
    /// `foreach PATTERN... [ COMMAND | ... ]`.
    Foreach(Foreach),
    /// `lookup NAME f [AS g]... [OUTPUT|OUTPUTNEW f [AS g]...]`.
    Lookup(Lookup),
    /// `iplocation [prefix=P] [allfields=B] [lang=L] FIELD`.
    Iplocation(Iplocation),
    /// `makemv [delim=D | tokenizer=RE] [allowempty=B] FIELD`.
    Makemv(Makemv),
    /// `mvexpand FIELD [limit=N]`.
    Mvexpand(Mvexpand),
    /// `nomv FIELD`.
    Nomv(Spanned<String>),
    /// `join [OPTION]... FIELD... [SUBSEARCH]`.
    Join(Box<Join>),
    /// `reverse`.
    Reverse,
    /// `sort [N] [+|-]FIELD...`.
    Sort(Sort),
    /// `streamstats [OPTION]... AGG... [by FIELD...]`.
    Streamstats(Box<Streamstats>),
    /// `tail [N]`.
    Tail {
        /// How many rows are kept.
        limit: u64,
    },
    /// `top` and `rare`.
    Top(Box<Top>),
    /// `transaction [FIELD]... [OPTION]...`.
    Transaction(Box<Transaction>),
}

impl CommandKind {
    /// Whether the command makes rows of its own and takes none: it stands first.
    #[must_use]
    pub fn makes_rows(&self) -> bool {
        matches!(self, Self::Inputlookup(Inputlookup { append: false, .. }))
    }
}

/// The arguments of `accum` and `delta`.
#[derive(Debug, Clone, PartialEq)]
pub struct Running {
    /// The field.
    pub field: Spanned<String>,
    /// The name of what is computed.
    pub name: String,
}

/// The arguments of `inputlookup`.
#[derive(Debug, Clone, PartialEq)]
pub struct Inputlookup {
    /// The name of the table.
    pub name: Spanned<String>,
    /// Whether its rows come behind others, and not alone.
    pub append: bool,
    /// How many rows of the table are passed over first.
    pub start: u64,
    /// How many rows are taken; `None` for all.
    pub max: Option<u64>,
}

/// The arguments of `spath`.
#[derive(Debug, Clone, PartialEq)]
pub struct Spath {
    /// The field that holds the JSON.
    pub input: String,
    /// The path and the field that gets what stands there; `None` for all that there is.
    pub path: Option<(String, String)>,
}

/// The arguments of `convert`.
#[derive(Debug, Clone, PartialEq)]
pub struct Convert {
    /// How `ctime` and `mktime` write times.
    pub time_format: String,
    /// What is converted, in order.
    pub conversions: Vec<Conversion>,
}

/// One function of `convert` and the fields that it is for.
#[derive(Debug, Clone, PartialEq)]
pub struct Conversion {
    /// The function.
    pub function: ConvertFunction,
    /// The fields.
    pub field: FieldPattern,
    /// The field that gets the value, instead of the one it is of.
    pub name: Option<Spanned<String>>,
}

/// The functions of `convert`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConvertFunction {
    /// Seconds since 1970 as a clock shows them.
    Ctime,
    /// `[D+]HH:MM:SS` as seconds.
    Dur2sec,
    /// `12k`, `3m`, `1g` as a number of kilobytes.
    Memk,
    /// What a clock shows as seconds since 1970.
    Mktime,
    /// `[MM:]SS.SSS` as seconds.
    Mstime,
    /// Nothing: the fields are left out of what other functions are for.
    None,
    /// A number without its commas.
    Rmcomma,
    /// The number that a text starts with.
    Rmunit,
}

/// The arguments of `strcat`.
#[derive(Debug, Clone, PartialEq)]
pub struct Strcat {
    /// What is put together.
    pub sources: Vec<StrcatSource>,
    /// The field that gets it.
    pub target: String,
    /// Whether it is set only where all fields have a value.
    pub all_required: bool,
}

/// What `strcat` puts together.
#[derive(Debug, Clone, PartialEq)]
pub enum StrcatSource {
    /// The value of a field.
    Field(Spanned<String>),
    /// A text, written in double quotes.
    Text(String),
}

/// The arguments of `xyseries` and `untable`: which fields tell rows, columns and values of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// The field that tells the rows.
    pub row: Spanned<String>,
    /// The field that names the columns.
    pub column: Spanned<String>,
    /// The field that holds the values.
    pub value: Spanned<String>,
}

/// The arguments of `fillnull`.
#[derive(Debug, Clone, PartialEq)]
pub struct Fillnull {
    /// What missing fields get.
    pub value: String,
    /// The fields; all that any row has where none is named.
    pub list: Vec<FieldPattern>,
}

/// The arguments of `head`.
#[derive(Debug, Clone, PartialEq)]
pub struct Head {
    /// How many rows are kept.
    pub limit: u64,
}

/// The arguments of `rex`.
#[derive(Debug, Clone, PartialEq)]
pub struct Rex {
    /// The field, `_raw` when none is written.
    pub field: String,
    /// What is done with its values.
    pub action: RexAction,
}

/// What `rex` does with the values of its field.
#[derive(Debug, Clone, PartialEq)]
pub enum RexAction {
    /// Takes what the named groups of a regex match.
    Extract {
        /// The pattern.
        pattern: Spanned<String>,
        /// How many matches of each value are taken, 1 when not written; 0 for all.
        max_match: u64,
        /// The field that gets the places of the groups.
        offset_field: Option<String>,
    },
    /// `mode=sed "s/PATTERN/REPLACEMENT/FLAGS"`.
    Substitute {
        /// The pattern.
        pattern: Spanned<String>,
        /// What a match becomes, as written: `\1` is group 1.
        replacement: String,
        /// Which matches are replaced.
        which: Occurrence,
    },
    /// `mode=sed "y/FROM/TO/"`: one character becomes another.
    Translate(Vec<(char, char)>),
}

/// Which matches a sed expression replaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Occurrence {
    /// All (flag `g`).
    All,
    /// The one with this number, from 1 on (the first when no flag is written).
    Only(u64),
}

/// The arguments of `foreach`.
#[derive(Debug, Clone, PartialEq)]
pub struct Foreach {
    /// The fields.
    pub fields: Vec<FieldPattern>,
    /// What is done for each, with marks for `<<FIELD>>` and its like (see
    /// [`template`](super::template)).
    pub template: Vec<Command>,
}

/// The arguments of `lookup`.
#[derive(Debug, Clone, PartialEq)]
pub struct Lookup {
    /// The name of the table.
    pub name: Spanned<String>,
    /// Which columns must equal which fields.
    pub matches: Vec<ColumnField>,
    /// Which columns fill which fields; `None` for all that are not matched.
    pub output: Option<Vec<ColumnField>>,
    /// Whether fields that have a value keep it (`OUTPUTNEW`).
    pub keeps: bool,
}

/// A column of a lookup table and the field of rows that goes with it.
#[derive(Debug, Clone, PartialEq)]
pub struct ColumnField {
    /// The column.
    pub column: Spanned<String>,
    /// The field: of the same name when no `AS` is written.
    pub field: String,
}

/// The arguments of `iplocation`.
#[derive(Debug, Clone, PartialEq)]
pub struct Iplocation {
    /// The field with the addresses.
    pub field: Spanned<String>,
    /// What the names of new fields start with.
    pub prefix: String,
    /// Whether all fields are set, or the usual ones.
    pub all_fields: bool,
    /// The language of names, as in `en`.
    pub language: String,
}

/// The arguments of `makemv`.
#[derive(Debug, Clone, PartialEq)]
pub struct Makemv {
    /// The field.
    pub field: String,
    /// How its values are split.
    pub split: Split,
    /// Whether empty values are kept.
    pub allow_empty: bool,
}

/// How `makemv` splits a value.
#[derive(Debug, Clone, PartialEq)]
pub enum Split {
    /// At each place where this stands.
    Delimiter(String),
    /// Into what the first group of each match of a regex holds.
    Tokenizer(Spanned<String>),
}

/// The arguments of `mvexpand`.
#[derive(Debug, Clone, PartialEq)]
pub struct Mvexpand {
    /// The field.
    pub field: String,
    /// How many values of a row make rows; 0 for all.
    pub limit: u64,
}

/// The arguments of `transaction`.
#[derive(Debug, Clone, PartialEq)]
pub struct Transaction {
    /// The fields whose values the events of a transaction share.
    pub fields: Vec<Spanned<String>>,
    /// How far its first and last event may lie apart.
    pub max_span: Option<Nanoseconds>,
    /// How far an event and the next may lie apart.
    pub max_pause: Option<Nanoseconds>,
    /// How many events it may have: 1 or more.
    pub max_events: u64,
    /// What its first event is.
    pub starts_with: Option<EventFilter>,
    /// What its last event is.
    pub ends_with: Option<EventFilter>,
    /// Whether transactions stay that nothing closed.
    pub keep_evicted: bool,
}

/// What an event must be.
#[derive(Debug, Clone, PartialEq)]
pub enum EventFilter {
    /// What a search finds.
    Search(SearchExpr),
    /// Of what a condition is true.
    Eval(Expr),
}

/// The arguments of `join`.
#[derive(Debug, Clone, PartialEq)]
pub struct Join {
    /// The fields whose values rows are joined by.
    pub fields: Vec<Spanned<String>>,
    /// Whether rows without a match stay (`type=left`).
    pub keeps_all: bool,
    /// How many rows of the subsearch a row is joined with; 0 for all.
    pub max: u64,
    /// Whether the subsearch's values replace those that a row has.
    pub overwrite: bool,
    /// The subsearch.
    pub pipeline: Pipeline,
}

/// The arguments of `top` and `rare`.
#[derive(Debug, Clone, PartialEq)]
pub struct Top {
    /// Whether the rarest combinations are wanted, and not the most frequent.
    pub rarest: bool,
    /// How many are kept of each group; 0 for all.
    pub limit: u64,
    /// The fields whose values are combined and counted.
    pub fields: Vec<Spanned<String>>,
    /// The fields by which rows are grouped.
    pub by: Vec<Spanned<String>>,
    /// The name of the count, where it is shown.
    pub count: Option<String>,
    /// The name of its share of the group, where it is shown.
    pub percent: Option<String>,
}

/// The arguments of `sort`.
#[derive(Debug, Clone, PartialEq)]
pub struct Sort {
    /// How many rows are kept; `None` for all.
    pub limit: Option<u64>,
    /// By what, the first first.
    pub keys: Vec<SortKey>,
}

/// One field that rows are sorted by.
#[derive(Debug, Clone, PartialEq)]
pub struct SortKey {
    /// The field.
    pub field: Spanned<String>,
    /// Whether the largest value comes first.
    pub descending: bool,
    /// How values are compared.
    pub kind: SortKind,
}

/// How `sort` compares values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortKind {
    /// As what they are.
    Auto,
    /// As text, by bytes.
    Text,
    /// As numbers; what is none comes after them.
    Number,
    /// As IP addresses; what is none comes after them.
    Address,
}

/// The arguments of `dedup`.
#[derive(Debug, Clone, PartialEq)]
pub struct Dedup {
    /// How many rows of one combination of values are kept: 1 or more.
    pub limit: u64,
    /// The fields whose values are combined.
    pub fields: Vec<Spanned<String>>,
    /// Whether further rows stay, without the fields.
    pub keep_events: bool,
    /// Whether rows stay that lack one of the fields.
    pub keep_empty: bool,
    /// Whether only rows right after one another count as of one combination.
    pub consecutive: bool,
    /// The order in which rows are looked at, as they come where it is empty.
    pub sort_by: Vec<SortKey>,
}

/// A length of time.
pub type Nanoseconds = i128;

/// The arguments of `streamstats`.
#[derive(Debug, Clone, PartialEq)]
pub struct Streamstats {
    /// What is computed, and by what rows are grouped.
    pub stats: Stats,
    /// Whether a row counts among those that its results are computed over.
    pub current: bool,
    /// How many rows they are computed over; 0 for all so far.
    pub window: u64,
    /// Whether the window is one of all groups, and not one for each.
    pub global: bool,
    /// How far back in time the window reaches.
    pub time_window: Option<Nanoseconds>,
    /// Whether all is forgotten where the values of the by-fields change.
    pub reset_on_change: bool,
    /// All is forgotten before a row of which this is true.
    pub reset_before: Option<Expr>,
    /// All is forgotten after a row of which, results included, this is true.
    pub reset_after: Option<Expr>,
}

/// The name of a field, perhaps with `*` in it.
pub type FieldPattern = Spanned<String>;

/// The arguments of `bin`.
#[derive(Debug, Clone, PartialEq)]
pub struct Bin {
    /// The field; `None` where none is written (accommodation `bin-time`).
    pub field: Option<Spanned<String>>,
    /// The width of a bucket.
    pub span: Option<Spanned<BinSpan>>,
    /// The name the bucket is given, the field's own when none is written.
    pub alias: Option<Spanned<String>>,
}

/// The width of a bucket.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum BinSpan {
    /// A number without a unit.
    Number(f64),
    /// A count of a unit of time.
    Time(u64, TimeUnit),
}

/// The units of time of `span=` (SPLUNK.md 4, bin).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum TimeUnit {
    Microsecond,
    Millisecond,
    Centisecond,
    Decisecond,
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

/// The arguments of `stats`, and of the commands that compute as it does.
#[derive(Debug, Clone, PartialEq)]
pub struct Stats {
    /// The aggregations, as written.
    pub aggregations: Vec<Aggregation>,
    /// The by-fields, in order.
    pub by: Vec<Spanned<String>>,
}

/// One aggregation of `stats`: `function(argument) as alias`.
#[derive(Debug, Clone, PartialEq)]
pub struct Aggregation {
    /// The function as written, lower-cased (`values`, `count`, `dc`).
    pub function: Spanned<String>,
    /// What it is computed over.
    pub argument: Option<AggregationArgument>,
    /// The name after `as`, which may hold `*`.
    pub alias: Option<FieldPattern>,
    /// From the function to the alias.
    pub span: Span,
}

/// What an aggregation is computed over.
#[derive(Debug, Clone, PartialEq)]
pub enum AggregationArgument {
    /// A field, or fields by wildcard.
    Field(FieldPattern),
    /// `eval(EXPR)`.
    Eval(Expr),
}

/// An expression of `search` (SPLUNK.md 1). OR binds tighter than AND.
pub type SearchExpr = Spanned<SearchKind>;

/// The kinds of search expressions.
#[derive(Debug, Clone, PartialEq)]
pub enum SearchKind {
    /// Every event: an empty search or a lone `*`.
    All,
    /// All of them. Never empty.
    And(Vec<SearchExpr>),
    /// Any of them. Never empty.
    Or(Vec<SearchExpr>),
    /// Not that one.
    Not(Box<SearchExpr>),
    /// A bare word or a quoted phrase (the two mean the same, SPLUNK.md 1.8); `*` is a wildcard.
    Phrase(String),
    /// `TERM(x)`.
    Term(String),
    /// `CASE(x)`.
    Case(String),
    /// `field=value` and its like.
    Compare {
        /// The field.
        field: Spanned<String>,
        /// The operator.
        op: CompareOp,
        /// The value; `*` is a wildcard under `=` and `!=`.
        value: Spanned<String>,
        /// Whether the value was written `CASE(...)`.
        case_sensitive: bool,
    },
    /// `field IN (a, b*)`.
    In {
        /// The field.
        field: Spanned<String>,
        /// The values; `*` is a wildcard.
        values: Vec<Spanned<String>>,
    },
    /// `[SUBSEARCH]`: what its rows say. A plan has the terms in its place.
    Subsearch(Box<Pipeline>),
}

/// Comparison operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum CompareOp {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// An expression of `where` and `eval`. AND binds tighter than OR.
pub type Expr = Spanned<ExprKind>;

/// Calls `visit` with every field that an expression names, in the order they are written.
pub fn each_field<'e>(expr: &'e Expr, visit: &mut dyn FnMut(&'e str)) {
    match &expr.node {
        ExprKind::Field(name) => visit(name),
        ExprKind::Text(_) | ExprKind::Number(_) | ExprKind::Bool(_) => {}
        ExprKind::Not(inner) | ExprKind::Negate(inner) => each_field(inner, visit),
        ExprKind::Binary(_, left, right) | ExprKind::Like(left, right) => {
            each_field(left, visit);
            each_field(right, visit);
        }
        ExprKind::Call { arguments, .. } => arguments.iter().for_each(|e| each_field(e, visit)),
        ExprKind::In(inner, list) => {
            each_field(inner, visit);
            list.iter().for_each(|e| each_field(e, visit));
        }
    }
}

/// The kinds of expressions.
#[derive(Debug, Clone, PartialEq)]
pub enum ExprKind {
    /// A field, bare or in single quotes.
    Field(String),
    /// A string in double quotes.
    Text(String),
    /// A number.
    Number(f64),
    /// `true` or `false`.
    Bool(bool),
    /// `NOT e`, `! e`.
    Not(Box<Expr>),
    /// `- e`.
    Negate(Box<Expr>),
    /// `a op b`.
    Binary(BinaryOp, Box<Expr>, Box<Expr>),
    /// `f(a, b)`; the name is lower-cased.
    Call {
        /// The function.
        function: Spanned<String>,
        /// The arguments.
        arguments: Vec<Expr>,
    },
    /// `e IN (a, b)`, also written `in(e, a, b)`.
    In(Box<Expr>, Vec<Expr>),
    /// `a LIKE b`.
    Like(Box<Expr>, Box<Expr>),
}

/// Binary operators of `where` and `eval`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum BinaryOp {
    And,
    Or,
    Xor,
    Compare(CompareOp),
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    /// `.`
    Concat,
}
