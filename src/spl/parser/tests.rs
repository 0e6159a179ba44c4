//! Tables of what texts mean, and of what is wrong with them.

use proptest::prelude::*;

use super::*;
use crate::spl::ast::*;

/// A search expression in one line: `(& a b)`, `(| a b)`, `(! a)`.
fn show_search(expr: &SearchExpr) -> String {
    let all = |list: &[SearchExpr]| list.iter().map(show_search).collect::<Vec<_>>().join(" ");
    match &expr.node {
        SearchKind::Subsearch(_) => "[]".to_owned(),
        SearchKind::All => "*".to_owned(),
        SearchKind::And(list) => format!("(& {})", all(list)),
        SearchKind::Or(list) => format!("(| {})", all(list)),
        SearchKind::Not(inner) => format!("(! {})", show_search(inner)),
        SearchKind::Phrase(text) => format!("<{text}>"),
        SearchKind::Term(text) => format!("TERM<{text}>"),
        SearchKind::Case(text) => format!("CASE<{text}>"),
        SearchKind::Compare { field, op, value, case_sensitive } => {
            let case = if *case_sensitive { "CASE" } else { "" };
            format!("{}{}{case}<{}>", field.node, symbol(*op), value.node)
        }
        SearchKind::In { field, values } => {
            let values: Vec<_> = values.iter().map(|value| format!("<{}>", value.node)).collect();
            format!("{}:{}", field.node, values.join(","))
        }
    }
}

fn symbol(op: CompareOp) -> &'static str {
    match op {
        CompareOp::Equal => "=",
        CompareOp::NotEqual => "!=",
        CompareOp::Less => "<",
        CompareOp::LessOrEqual => "<=",
        CompareOp::Greater => ">",
        CompareOp::GreaterOrEqual => ">=",
    }
}

/// An expression in one line: `(and a b)`; fields bare, strings in angle brackets.
fn show(expr: &Expr) -> String {
    let all = |list: &[Expr]| list.iter().map(show).collect::<Vec<_>>().join(" ");
    match &expr.node {
        ExprKind::Field(name) => name.clone(),
        ExprKind::Text(text) => format!("<{text}>"),
        ExprKind::Number(number) => format!("#{number}"),
        ExprKind::Bool(value) => format!("{value}()"),
        ExprKind::Not(inner) => format!("(not {})", show(inner)),
        ExprKind::Negate(inner) => format!("(neg {})", show(inner)),
        ExprKind::Binary(op, left, right) => {
            let op = match op {
                BinaryOp::And => "and",
                BinaryOp::Or => "or",
                BinaryOp::Xor => "xor",
                BinaryOp::Compare(op) => symbol(*op),
                BinaryOp::Add => "+",
                BinaryOp::Subtract => "-",
                BinaryOp::Multiply => "*",
                BinaryOp::Divide => "/",
                BinaryOp::Modulo => "%",
                BinaryOp::Concat => ".",
            };
            format!("({op} {} {})", show(left), show(right))
        }
        ExprKind::Call { function, arguments } => format!("{}[{}]", function.node, all(arguments)),
        ExprKind::In(left, values) => format!("(in {} {})", show(left), all(values)),
        ExprKind::Like(left, right) => format!("(like {} {})", show(left), show(right)),
    }
}

fn show_command(command: &Command) -> String {
    let names = |list: &[Spanned<String>]| {
        list.iter().map(|name| format!("<{}>", name.node)).collect::<Vec<_>>().join(" ")
    };
    let maybe = |name: &Option<Spanned<String>>| name.as_ref().map(|name| name.node.clone());
    match &command.kind {
        CommandKind::Search(expr) => format!("search {}", show_search(expr)),
        CommandKind::Where(expr) => format!("where {}", show(expr)),
        CommandKind::Table(list) => format!("table {}", names(list)),
        CommandKind::Fields { keep, list } => {
            format!("fields {} {}", if *keep { "+" } else { "-" }, names(list))
        }
        CommandKind::Bin(bin) => {
            let span = bin.span.as_ref().map(|span| span.node);
            format!("bin {:?} {span:?} {:?}", maybe(&bin.field), maybe(&bin.alias))
        }
        CommandKind::Stats(stats) => {
            let mut out = "stats".to_owned();
            for aggregation in &stats.aggregations {
                let argument = match &aggregation.argument {
                    None => String::new(),
                    Some(AggregationArgument::Field(field)) => format!("(<{}>)", field.node),
                    Some(AggregationArgument::Eval(expr)) => format!("(eval {})", show(expr)),
                };
                let alias = maybe(&aggregation.alias).map(|name| format!(" as <{name}>"));
                let function = &aggregation.function.node;
                out.push_str(&format!(" {function}{argument}{};", alias.unwrap_or_default()));
            }
            format!("{out} by {}", names(&stats.by))
        }
        CommandKind::Regex { field, negated, pattern } => {
            format!("regex {} {} <{}>", field.node, if *negated { "!=" } else { "=" }, pattern.node)
        }
        CommandKind::Rename(pairs) => {
            let pairs = pairs.iter().map(|(from, to)| format!("<{}>-><{}>", from.node, to.node));
            format!("rename {}", pairs.collect::<Vec<_>>().join(" "))
        }
        CommandKind::Eval(clauses) => {
            let clauses =
                clauses.iter().map(|(name, expr)| format!("<{}>={}", name.node, show(expr)));
            format!("eval {}", clauses.collect::<Vec<_>>().join("; "))
        }
        // Beyond the core: each has tests of its own, of what it does.
        other => format!("{other:?}"),
    }
}

fn codes_of(parsed: &Parsed) -> Vec<&'static str> {
    parsed.diagnostics.iter().map(|finding| finding.code).collect()
}

/// Parses a base search that must be right.
fn search(text: &str) -> String {
    let parsed = parse(text, &Macros::builtin());
    let pipeline = parsed.pipeline.unwrap_or_else(|| panic!("{text}: {:?}", parsed.diagnostics));
    show_command(&pipeline.commands[0]).strip_prefix("search ").unwrap().to_owned()
}

/// Parses a command after a pipe that must be right.
fn command(text: &str) -> String {
    let whole = format!("| {text}");
    let parsed = parse(&whole, &Macros::builtin());
    let pipeline = parsed.pipeline.unwrap_or_else(|| panic!("{text}: {:?}", parsed.diagnostics));
    assert_eq!(pipeline.commands.len(), 2, "{text}");
    show_command(&pipeline.commands[1])
}

#[test]
fn or_binds_tighter_than_and_in_search() {
    for (text, expected) in [
        ("a b c", "(& <a> <b> <c>)"),
        ("a AND b c", "(& <a> <b> <c>)"),
        ("a b OR c", "(& <a> (| <b> <c>))"),
        ("a OR b c", "(& (| <a> <b>) <c>)"),
        ("a OR b AND c OR d", "(& (| <a> <b>) (| <c> <d>))"),
        ("(a b) OR c", "(| (& <a> <b>) <c>)"),
        ("NOT a OR b", "(| (! <a>) <b>)"),
        ("NOT a b", "(& (! <a>) <b>)"),
        ("NOT (a b)", "(! (& <a> <b>))"),
        ("NOT NOT a", "(! (! <a>))"),
        ("a OR NOT b", "(| <a> (! <b>))"),
        ("((a))", "<a>"),
        ("a OR(b)OR\"c\"", "(| <a> <b> <c>)"),
        ("(a)(b)", "(& <a> <b>)"),
        ("ORx ANDROID NOTHING", "(& <ORx> <ANDROID> <NOTHING>)"),
        ("\"AND\" \"or\"", "(& <AND> <or>)"),
        ("", "unreachable"),
    ] {
        if !text.is_empty() {
            assert_eq!(search(text), expected, "{text}");
        }
    }
}

#[test]
fn terms_of_search() {
    for (text, expected) in [
        ("*", "*"),
        ("* a", "(& * <a>)"),
        ("\"*\"", "<*>"),
        (
            r"/usr/bin a.b C:\Windows x_y:z @me #1",
            r"(& </usr/bin> <a.b> <C:\Windows> <x_y:z> <@me> <#1>)",
        ),
        ("-nop --dns ftp://x", "(& <-nop> <--dns> <ftp://x>)"),
        ("don't", "<don't>"),
        ("\"\\\"q\\\" \\\\ \\s\"", r#"<"q" \ \s>"#),
        ("naïve ∆", "(& <naïve> <∆>)"),
        ("TERM(EventCode=4688)", "TERM<EventCode=4688>"),
        ("TERM(\"x y\")", "TERM<x y>"),
        ("TERM(/i) TERM( START= )", "(& TERM</i> TERM<START=>)"),
        ("CASE(Foo)", "CASE<Foo>"),
        ("TERM(a)OR TERM(b)", "(| TERM<a> TERM<b>)"),
        ("TERM x", "(& <TERM> <x>)"),
        ("host=CASE(Web01)", "host=CASE<Web01>"),
        ("ip=TERM(10.0.0.1)", "ip=<10.0.0.1>"),
        ("a=1 b!=2 c<3 d<=4 e>5 f>=6 g==7", "(& a=<1> b!=<2> c<<3> d<=<4> e><5> f>=<6> g=<7>)"),
        ("a = 1 b != \"x y\"", "(& a=<1> b!=<x y>)"),
        ("\"my field\"=x", "my field=<x>"),
        ("a.b{}.c=x", "a.b{}.c=<x>"),
        ("x=a=b", "x=<a=b>"),
        ("a=* b=*x* c=*\"x y\"* d=\"p\"*", "(& a=<*> b=<*x*> c=<*x y*> d=<p*>)"),
        ("a=\"x\"OR b=y", "(| a=<x> b=<y>)"),
        ("a=x, b=y", "(& a=<x> b=<y>)"),
        ("a=x,y", "a=<x,y>"),
        ("src IN (10.0.0.0/8, ::1 \"a b\",c*)", "src:<10.0.0.0/8>,<::1>,<a b>,<c*>"),
        ("NOT src IN(a)", "(! src:<a>)"),
        ("src NOT IN (a)", "(! src:<a>)"),
        ("src NOT IN", "(& <src> (! <IN>))"),
        ("IN OR x", "(| <IN> <x>)"),
        ("`get_endpoint_data_sysmon` x", "(& _source_kind=<sysmon> <x>)"),
        ("`add_fields_eoi` x", "<x>"),
        ("search a", "<a>"),
        ("searching a", "(& <searching> <a>)"),
        ("a ```x | y``` b", "(& <a> <b>)"),
        (r"a\|b \\x", r"(& <a|b> <\x>)"),
    ] {
        assert_eq!(search(text), expected, "{text}");
    }
}

#[test]
fn and_binds_tighter_than_or_in_where() {
    for (text, expected) in [
        ("a OR b AND c", "(or a (and b c))"),
        ("a and b or c and d", "(or (and a b) (and c d))"),
        ("a xor b or c", "(xor a (or b c))"),
        ("not a and b", "(and (not a) b)"),
        ("not a=1 and b", "(and (not (= a #1)) b)"),
        ("!match(a,\"b\") or c", "(or (not match[a <b>]) c)"),
        ("!a=1", "(not (= a #1))"),
        ("not(a) OR(b)", "(or (not a) b)"),
        ("a AND NOT b=2", "(and a (not (= b #2)))"),
        (
            "a==1 or b!=\"x\" or c<=2 or d>=.5",
            "(or (or (= a #1) (!= b <x>)) (or (<= c #2) (>= d #0.5)))",
        ),
        ("a and b and c", "(and (and a b) c)"),
        ("a + b * c - d", "(- (+ a (* b c)) d)"),
        ("a % 2 = 0", "(= (% a #2) #0)"),
        ("-a + -1", "(+ (neg a) (neg #1))"),
        ("a-1", "(- a #1)"),
        ("(a + b) * c", "(* (+ a b) c)"),
        ("a . \"x\" . b = c", "(= (. (. a <x>) b) c)"),
        ("\"n=\" . a + 1", "(. <n=> (+ a #1))"),
        ("a.\", \".b", "(. (. a <, >) b)"),
        ("f(x).\"y\"", "(. f[x] <y>)"),
        ("a.upper(b)", "(. a upper[b])"),
        ("a.b.if(c,d,e)", "(. a.b if[c d e])"),
        ("winlog.event_data.x{}.y = 1", "(= winlog.event_data.x{}.y #1)"),
        ("'a.b' = 'c \"d'", "(= a.b c \"d)"),
        ("'a.b'.c", "(. a.b c)"),
        ("3cx_name = 1e3", "(= 3cx_name #1000)"),
        ("a like \"x%\" or b NOT LIKE \"y\"", "(or (like a <x%>) (not (like b <y>)))"),
        ("a IN (1, \"b\") and not c in(2)", "(and (in a #1 <b>) (not (in c #2)))"),
        ("a NOT IN (1)", "(not (in a #1))"),
        ("in(a, 1, 2)", "(in a #1 #2)"),
        ("IF(ISNULL(a), true(), false)", "if[isnull[a] true() false()]"),
        ("match(process, \"(?i)\\w+\\\\s\\\"\")", "match[process <(?i)\\w+\\s\">]"),
        ("null() = pi( )", "(= null[] pi[])"),
        ("in = 1 or android = 2", "(or (= in #1) (= android #2))"),
        ("a=1 AND (b=2 OR c=3)AND d=4", "(and (and (= a #1) (or (= b #2) (= c #3))) (= d #4))"),
    ] {
        assert_eq!(command(&format!("where {text}")), format!("where {expected}"), "{text}");
    }
}

#[test]
fn commands_as_written() {
    for (text, expected) in [
        ("where(match(a,\"b\"))", "where match[a <b>]"),
        ("WHERE a  ", "where a"),
        ("search a=1 OR b", "search (| a=<1> <b>)"),
        (
            "table _time, host,user process_* \"my field\"",
            "table <_time> <host> <user> <process_*> <my field>",
        ),
        ("fields a b", "fields + <a> <b>"),
        ("fields - _raw, x", "fields - <_raw> <x>"),
        ("fields -x", "fields - <x>"),
        ("fields + x", "fields + <x>"),
        ("bin span=1s", "bin None Some(Time(1, Second)) None"),
        ("bucket _time span = 5m as t", "bin Some(\"_time\") Some(Time(5, Minute)) Some(\"t\")"),
        ("discretize span=1 x", "bin Some(\"x\") Some(Number(1.0)) None"),
        ("bin as \"a b\" x", "bin Some(\"x\") None Some(\"a b\")"),
        ("stats values(*) as * by _time, host", "stats values(<*>) as <*>; by <_time> <host>"),
        ("stats count", "stats count; by "),
        ("stats count BY a b", "stats count; by <a> <b>"),
        (
            "stats c(x), dc( y ) AS \"z z\" count() sum(eval(a>1 or b)) AS n perc95(t) by host",
            "stats c(<x>); dc(<y>) as <z z>; count; sum(eval (or (> a #1) b)) as <n>; perc95(<t>); by <host>",
        ),
        (
            "stats Values(\"a b\") as x count by byte",
            "stats values(<a b>) as <x>; count; by <byte>",
        ),
        ("regex \"(?i)\\\\.msi\\|x\"", "regex _raw = <(?i)\\.msi\\|x>"),
        ("regex process!=\"x|y\"", "regex process != <x|y>"),
        ("regex field = \"x\"", "regex field = <x>"),
        ("rename a as b, \"c d\" AS e f* as g*", "rename <a>-><b> <c d>-><e> <f*>-><g*>"),
        (
            "eval a=1, 'b c'=\"x\".y , d = if(a=1,2,3)",
            "eval <a>=#1; <b c>=(. <x> y); <d>=if[(= a #1) #2 #3]",
        ),
    ] {
        assert_eq!(command(text), expected, "{text}");
    }
}

#[test]
fn a_text_may_start_with_a_pipe() {
    let parsed = parse(" | table a", &Macros::empty());
    let pipeline = parsed.pipeline.unwrap();
    assert_eq!(show_command(&pipeline.commands[0]), "search *");
    assert_eq!(show_command(&pipeline.commands[1]), "table <a>");
}

#[test]
fn what_is_wrong_is_named_and_placed() {
    // Each text, with the code and the text of the place of every finding.
    let cases: &[(&str, &[(&str, &str)])] = &[
        ("", &[(codes::EMPTY_SEARCH, "")]),
        ("a |", &[(codes::EMPTY_COMMAND, "|")]),
        ("a | | table b", &[(codes::EMPTY_COMMAND, "|")]),
        ("a \"b", &[(codes::UNCLOSED_QUOTE, "\"")]),
        ("(a", &[(codes::UNCLOSED_PARENTHESIS, "(")]),
        ("(a OR (b) | table c", &[(codes::UNCLOSED_PARENTHESIS, "(")]),
        ("a) b) c", &[(codes::STRAY_PARENTHESIS, ")"), (codes::STRAY_PARENTHESIS, ")")]),
        (")", &[(codes::STRAY_PARENTHESIS, ")")]),
        ("()", &[(codes::MISSING_OPERAND, "()")]),
        ("a OR", &[(codes::MISSING_OPERAND, "OR")]),
        ("OR a", &[(codes::MISSING_OPERAND, "OR")]),
        ("a AND", &[(codes::MISSING_OPERAND, "AND")]),
        ("a AND AND b", &[(codes::MISSING_OPERAND, "AND")]),
        ("AND a", &[(codes::MISSING_OPERAND, "AND")]),
        ("a NOT", &[(codes::MISSING_OPERAND, "NOT")]),
        ("(a OR) b", &[(codes::MISSING_OPERAND, "OR")]),
        ("a=", &[(codes::MISSING_OPERAND, "a=")]),
        ("a=(b OR c)", &[(codes::MISSING_OPERAND, "a=")]),
        ("=b", &[(codes::MISSING_OPERAND, "=")]),
        ("a IN ()", &[(codes::MISSING_OPERAND, "()")]),
        ("a IN (b", &[(codes::UNCLOSED_PARENTHESIS, "(")]),
        ("TERM()", &[(codes::EMPTY_TERM, "()")]),
        ("TERM(a", &[(codes::UNCLOSED_PARENTHESIS, "(")]),
        ("a | join c [b [search d | table e] f]", &[(codes::SUBSEARCH, "[search d | table e]")]),
        ("a [search b | table c] d", &[]),
        ("a [inputlookup b | table c] d", &[]),
        ("a ]", &[(codes::UNEXPECTED_TEXT, "]")]),
        ("a | sort", &[(codes::MISSING_ARGUMENT, "")]),
        ("a | sort limit=x b", &[(codes::UNSUPPORTED_OPTION, "limit=x")]),
        ("a | sort hex(b)", &[(codes::UNSUPPORTED_OPTION, "hex")]),
        ("a | sort num(b", &[(codes::UNCLOSED_PARENTHESIS, "(")]),
        ("a | sort 5 -b +c, d", &[]),
        ("a | dedup", &[(codes::MISSING_ARGUMENT, "")]),
        ("a | dedup 0 b", &[(codes::UNSUPPORTED_OPTION, "0")]),
        ("a | dedup b keepempty=maybe", &[(codes::UNSUPPORTED_OPTION, "keepempty=maybe")]),
        ("a | dedup b sortby", &[(codes::MISSING_ARGUMENT, "sortby")]),
        ("a | dedup b keepall=t", &[(codes::UNSUPPORTED_OPTION, "keepall=")]),
        ("a | eventstats by b", &[(codes::MISSING_ARGUMENT, "")]),
        ("a | eventstats allnum=t count", &[(codes::UNSUPPORTED_OPTION, "allnum=")]),
        ("a | streamstats window=10001 count", &[(codes::UNSUPPORTED_OPTION, "window=10001")]),
        ("a | streamstats time_window=1mon count", &[(codes::BAD_SPAN, "time_window=1mon")]),
        ("a | streamstats reset_after=\"(b\" count", &[(codes::UNCLOSED_PARENTHESIS, "\"(b\"")]),
        ("a | transaction b maxspan=-1 maxpause=-1s maxevents=-1", &[]),
        ("a | transaction maxevents=0", &[(codes::UNSUPPORTED_OPTION, "maxevents=0")]),
        ("a | transaction mvlist=t", &[(codes::UNSUPPORTED_OPTION, "mvlist=t")]),
        ("a | transaction startswith=\"(b\"", &[(codes::UNCLOSED_PARENTHESIS, "\"(b\"")]),
        ("a | transaction startswith=", &[(codes::MISSING_ARGUMENT, "")]),
        ("a | transaction endswith=eval(b=1", &[(codes::UNCLOSED_PARENTHESIS, "eval(b=1")]),
        ("a | transaction name=b", &[(codes::UNSUPPORTED_OPTION, "name=")]),
        ("a | join b", &[(codes::MISSING_ARGUMENT, "")]),
        ("a | join [search b]", &[(codes::MISSING_ARGUMENT, "")]),
        ("a | join c [search b", &[(codes::UNEXPECTED_TEXT, "[")]),
        ("a | join c [search b] d", &[(codes::UNEXPECTED_TEXT, "[")]),
        ("a | join type=full c [b]", &[(codes::UNSUPPORTED_OPTION, "type=full")]),
        ("a | join left=L c [b]", &[(codes::UNSUPPORTED_OPTION, "left=")]),
        (
            "a | join c [search b | nope | table d] | nope",
            &[(codes::UNKNOWN_COMMAND, "nope"), (codes::UNKNOWN_COMMAND, "nope")],
        ),
        ("a | join c [b | join d [e]]", &[(codes::SUBSEARCH, "[e]")]),
        ("a | join c []", &[(codes::EMPTY_SEARCH, "")]),
        ("a | top", &[(codes::MISSING_ARGUMENT, "")]),
        ("a | rare 5 b by", &[(codes::MISSING_ARGUMENT, "by")]),
        ("a | top limit=x b", &[(codes::UNSUPPORTED_OPTION, "limit=x")]),
        ("a | top useother=t b", &[(codes::UNSUPPORTED_OPTION, "useother=")]),
        ("a | reverse b", &[(codes::UNEXPECTED_TEXT, "b")]),
        ("a | tail b", &[(codes::UNSUPPORTED_OPTION, "b")]),
        ("a and b", &[(codes::LOWER_CASE_OPERATOR, "and")]),
        ("not a", &[(codes::LOWER_CASE_OPERATOR, "not")]),
        ("a OR b c", &[(codes::MIXED_OPERATORS, "a OR b c")]),
        ("`get_endpoint_data` a OR b", &[]),
        ("TERM(--dns)", &[(codes::TERM_NEVER_MATCHES, "TERM(--dns)")]),
        ("TERM(>)", &[(codes::TERM_NEVER_MATCHES, "TERM(>)")]),
        ("TERM(\"a b\")", &[(codes::TERM_NEVER_MATCHES, "TERM(\"a b\")")]),
        ("TERM(a%20b)", &[(codes::TERM_NEVER_MATCHES, "TERM(a%20b)")]),
        ("TERM(a%2Fb*-c)", &[]),
        ("term(a)", &[(codes::LOWER_CASE_TERM, "term")]),
        ("a, b", &[(codes::COMMA_BETWEEN_TERMS, ",")]),
        ("a in (b)", &[(codes::LOWER_CASE_IN, "in")]),
        ("a | tabel b", &[(codes::UNKNOWN_COMMAND, "tabel")]),
        (
            "a | xpath input=b | wher a",
            &[(codes::UNSUPPORTED_COMMAND, "xpath"), (codes::UNKNOWN_COMMAND, "wher")],
        ),
        ("a | map x [ | eval y=1 ] | table b", &[(codes::UNSUPPORTED_COMMAND, "map")]),
        ("a | \"b\"", &[(codes::UNEXPECTED_TEXT, "\"")]),
        ("a | where", &[(codes::MISSING_OPERAND, "")]),
        ("a | where b ORmatch(c,\"d\")", &[(codes::GLUED_OPERATOR, "ORmatch")]),
        ("a | where b c", &[(codes::UNEXPECTED_TEXT, "c")]),
        ("a | where b=", &[(codes::MISSING_OPERAND, "=")]),
        ("a | where b and", &[(codes::MISSING_OPERAND, "and")]),
        ("a | where b=1)", &[(codes::STRAY_PARENTHESIS, ")")]),
        ("a | where (b=1", &[(codes::UNCLOSED_PARENTHESIS, "(")]),
        ("a | where f(b", &[(codes::UNCLOSED_PARENTHESIS, "(")]),
        ("a | where f(b,", &[(codes::UNCLOSED_PARENTHESIS, "(")]),
        ("a | where f(b,)", &[(codes::UNEXPECTED_TEXT, ")")]),
        ("a | where b=1=2", &[(codes::CHAINED_COMPARISON, "=")]),
        ("a | where b=10.0.0.1", &[(codes::BAD_NUMBER, "10.0.0.1")]),
        ("a | where b='c", &[(codes::UNCLOSED_QUOTE, "'")]),
        ("a | where b.c=1", &[(codes::DOTTED_NAME, "b.c")]),
        ("a | where b IN ()", &[(codes::MISSING_OPERAND, "()")]),
        ("a | table", &[(codes::MISSING_ARGUMENT, "")]),
        ("a | table b=c", &[(codes::UNSUPPORTED_OPTION, "b=")]),
        ("a | table b (c)", &[(codes::UNEXPECTED_TEXT, "(")]),
        ("a | fields -", &[(codes::MISSING_ARGUMENT, "")]),
        ("a | bin span=1x", &[(codes::BAD_SPAN, "span=1x")]),
        ("a | bin b bins=3", &[(codes::UNSUPPORTED_OPTION, "bins=")]),
        ("a | bin b c", &[(codes::GIVEN_TWICE, "c")]),
        ("a | bin b as", &[(codes::MISSING_ARGUMENT, "as")]),
        ("a | stats", &[(codes::MISSING_ARGUMENT, "")]),
        ("a | stats by b", &[(codes::MISSING_ARGUMENT, "")]),
        ("a | stats count by", &[(codes::MISSING_ARGUMENT, "by")]),
        ("a | stats count as", &[(codes::MISSING_ARGUMENT, "as")]),
        ("a | stats dc(b", &[(codes::UNCLOSED_PARENTHESIS, "(")]),
        ("a | stats sum(b c)", &[(codes::UNEXPECTED_TEXT, "c")]),
        ("a | stats values(b*) as c", &[(codes::WILDCARD_COUNT, "values(b*) as c")]),
        ("a | stats delim=\",\" count", &[(codes::UNSUPPORTED_OPTION, "delim=")]),
        ("a | regex", &[(codes::MISSING_ARGUMENT, "")]),
        ("a | regex b", &[(codes::UNEXPECTED_TEXT, "b")]),
        ("a | regex b=", &[(codes::MISSING_ARGUMENT, "b=")]),
        ("a | regex b=\"c\" OR d=\"e\"", &[(codes::UNEXPECTED_TEXT, "OR d=\"e\"")]),
        ("a | rename b", &[(codes::MISSING_ARGUMENT, "b")]),
        ("a | rename b* as c", &[(codes::WILDCARD_COUNT, "b* as c")]),
        ("a | eval b", &[(codes::UNEXPECTED_TEXT, "b")]),
        ("a | eval b=1 c=2", &[(codes::UNEXPECTED_TEXT, "c=2")]),
        ("a | eval b=1,", &[(codes::MISSING_ARGUMENT, "")]),
        (
            "a `nope` | table b `nope(1)`",
            &[(codes::UNKNOWN_MACRO, "`nope`"), (codes::UNKNOWN_MACRO, "`nope(1)`")],
        ),
    ];
    for (text, expected) in cases {
        let parsed = parse(text, &Macros::builtin());
        let found: Vec<_> = parsed
            .diagnostics
            .iter()
            .map(|finding| (finding.code, &text[finding.span.range()]))
            .collect();
        assert_eq!(&found, expected, "{text}");
        assert_eq!(parsed.pipeline.is_none(), parsed.has_errors(), "{text}");
    }
}

#[test]
fn an_unknown_macro_is_reported_alone() {
    for text in [
        "`nope`",
        "a OR `nope`",
        "a OR `nope` | table b",
        "NOT `nope` a",
        "a | `nope`",
        "a | where b=1 AND `nope`",
        "a | where `nope`",
        "a | where b `nope`",
        "a | table b`nope`",
        "a | stats `nope` by b",
        "a (`nope`)",
        "a=`nope`",
    ] {
        let parsed = parse(text, &Macros::empty());
        assert_eq!(codes_of(&parsed), [codes::UNKNOWN_MACRO], "{text}");
    }
    // But what is wrong elsewhere still shows.
    let parsed = parse("`nope` (a | where b=1)", &Macros::empty());
    let expected = [codes::UNKNOWN_MACRO, codes::UNCLOSED_PARENTHESIS, codes::STRAY_PARENTHESIS];
    assert_eq!(codes_of(&parsed), expected);
}

#[test]
fn every_mistake_is_found_in_one_pass() {
    let text = "(a OR | where b ANDc(d) | tabel e | stats dc(f | bin span=0 | rename g";
    let expected = [
        codes::UNCLOSED_PARENTHESIS,
        codes::MISSING_OPERAND,
        codes::GLUED_OPERATOR,
        codes::UNKNOWN_COMMAND,
        codes::UNCLOSED_PARENTHESIS,
        codes::BAD_SPAN,
        codes::MISSING_ARGUMENT,
    ];
    assert_eq!(codes_of(&parse(text, &Macros::empty())), expected);
}

#[test]
fn the_mixed_warning_shows_the_grouping() {
    let parsed = parse("a OR b  c NOT d OR e", &Macros::empty());
    let message = &parsed.diagnostics[0].message;
    assert!(message.ends_with("(a OR b) AND c AND (NOT d OR e)"), "{message}");
}

#[test]
fn spans_are_in_the_text_as_written() {
    let text = "`get_endpoint_data` (a OR \"b c\") x = \"y\" | where f(p, \"q\")=1 | stats dc(r) as s by t ";
    let parsed = parse(text, &Macros::builtin());
    let pipeline = parsed.pipeline.unwrap();
    let at = |span: Span| &text[span.range()];
    let commands: Vec<_> = pipeline.commands.iter().map(|command| at(command.span)).collect();
    assert_eq!(
        commands,
        [
            "`get_endpoint_data` (a OR \"b c\") x = \"y\"",
            "where f(p, \"q\")=1",
            "stats dc(r) as s by t",
        ]
    );
    let CommandKind::Search(Spanned { node: SearchKind::And(list), span }) =
        &pipeline.commands[0].kind
    else {
        panic!("{pipeline:?}")
    };
    assert_eq!(at(*span), "`get_endpoint_data` (a OR \"b c\") x = \"y\"");
    let parts: Vec<_> = list.iter().map(|part| at(part.span)).collect();
    assert_eq!(parts, ["`get_endpoint_data`", "(a OR \"b c\")", "x = \"y\""]);
    let SearchKind::Compare { field, value, .. } = &list[2].node else { panic!("{list:?}") };
    assert_eq!((at(field.span), at(value.span)), ("x", "\"y\""));
    let CommandKind::Where(Spanned { node: ExprKind::Binary(_, call, one), span }) =
        &pipeline.commands[1].kind
    else {
        panic!("{pipeline:?}")
    };
    assert_eq!((at(*span), at(call.span), at(one.span)), ("f(p, \"q\")=1", "f(p, \"q\")", "1"));
    let CommandKind::Stats(stats) = &pipeline.commands[2].kind else { panic!("{pipeline:?}") };
    assert_eq!(at(stats.aggregations[0].span), "dc(r) as s");
    assert_eq!(at(stats.by[0].span), "t");
}

#[test]
fn the_seed_rule_says_exactly_this() {
    let rule = crate::rule::Rule::builtin().unwrap();
    let parsed = parse(&rule.search, &Macros::builtin());
    assert_eq!(codes_of(&parsed), [codes::MIXED_OPERATORS]);
    let pipeline = parsed.pipeline.unwrap();
    let commands: Vec<_> = pipeline.commands.iter().map(show_command).collect();
    let url = r"<(?i)\w+tps?://\S+\.msi>";
    let expected = [
        "search (& _source_kind=<endpoint> _source_kind=<winevent> \
         (| (& (| TERM<EventCode=4688> <<EventID>4688<> Type=<Process>) \
         (| TERM</i> TERM<install>) <.msi>) \
         (| TERM<EventCode=1040> TERM<EventCode=1042> <<EventID>1040<> <<EventID>1042<>)) <://>)"
            .to_owned(),
        format!(
            "where (or (and match[process {url}] match[signature_id <4688>]) \
             (and match[message {url}] match[signature_id <1040|1042>]))"
        ),
        "table <_time> <host> <user> <process> <process_*> <parent_*>".to_owned(),
        "bin None Some(Time(1, Second)) None".to_owned(),
        "stats values(<*>) as <*>; by <_time> <host>".to_owned(),
    ];
    assert_eq!(commands, expected);
}

#[test]
fn long_chains_stay_flat() {
    let alternatives: Vec<_> = (0..5_000).map(|at| format!("a={at}")).collect();
    assert!(
        !parse(&format!("| where {}", alternatives.join(" or ")), &Macros::empty()).has_errors()
    );
    assert!(!parse(&alternatives.join(" OR "), &Macros::empty()).has_errors());
    assert!(!parse(&alternatives.join(" "), &Macros::empty()).has_errors());
}

/// Texts that nest or chain without end.
fn deep_texts() -> Vec<String> {
    const MANY: usize = 20_000;
    let mut texts = vec![
        format!("| where {}", vec!["a"; MANY].join("+")),
        format!("| where {}", vec!["a"; MANY].join(" . ")),
    ];
    for part in [
        "(",
        "NOT ",
        "NOT (",
        "a OR (",
        "a (b OR (",
        "[",
        "((",
        "TERM(",
        "a IN (",
        "\"",
        "`",
        "```",
        "|",
    ] {
        texts.push(part.repeat(MANY));
        texts.push(format!("{} a", part.repeat(MANY)));
    }
    for part in [
        "(",
        "!",
        "not ",
        "-",
        "f(",
        "a=(",
        "a or b and c = d . e + f * (",
        "'",
        "not (",
        "a in (",
        "a like (",
        "-(",
    ] {
        texts.push(format!("| where {}", part.repeat(MANY)));
        texts.push(format!("| where {}a{}", part.repeat(MANY), ")".repeat(MANY)));
        texts.push(format!("| stats sum(eval({}", part.repeat(MANY)));
    }
    texts
}

#[test]
fn depth_is_limited() {
    // Three quarters of the stack of an ordinary thread, in an unoptimised build.
    let run = || {
        for text in deep_texts() {
            check_any(&text);
        }
        for depth in [1, 50, MAX_DEPTH - 1] {
            let text = format!("{}a{}", "(".repeat(depth), ")".repeat(depth));
            assert!(!parse(&text, &Macros::empty()).has_errors(), "{depth}");
            assert!(!parse(&format!("| where {text}"), &Macros::empty()).has_errors(), "{depth}");
        }
    };
    std::thread::Builder::new().stack_size(3 << 19).spawn(run).unwrap().join().unwrap();
}

#[test]
fn findings_are_limited() {
    let parsed = parse(&"a) ".repeat(10_000), &Macros::empty());
    assert_eq!(parsed.diagnostics.len(), MAX_FINDINGS + 1);
    assert!(parsed.has_errors());
    let parsed = parse(&"TERM(>) ".repeat(10_000), &Macros::empty());
    assert_eq!(parsed.diagnostics.len(), MAX_FINDINGS + 1);
    assert!(parsed.pipeline.is_some());
}

#[test]
fn length_is_limited() {
    let parsed = parse(&"a ".repeat(MAX_TEXT), &Macros::empty());
    assert_eq!(codes_of(&parsed), [codes::TOO_LONG]);
}

/// What must hold of any text.
fn check_any(text: &str) {
    let parsed = parse(text, &Macros::builtin());
    assert_eq!(parsed.pipeline.is_none(), parsed.has_errors(), "{text:?}");
    for finding in &parsed.diagnostics {
        let span = finding.span;
        assert!(text.get(span.range()).is_some(), "{text:?}: {finding:?}");
    }
    if let Some(pipeline) = &parsed.pipeline {
        assert!(matches!(pipeline.commands[0].kind, CommandKind::Search(_)));
        for command in &pipeline.commands {
            assert!(text.get(command.span.range()).is_some(), "{text:?}: {command:?}");
        }
    }
}

const FRAGMENTS: &[&str] = &[
    " ",
    "|",
    "(",
    ")",
    "[",
    "]",
    "\"",
    "'",
    "`",
    "```",
    "\\",
    ",",
    "=",
    "!=",
    "<",
    ">",
    "*",
    ".",
    "-",
    "+",
    "/",
    "%",
    "!",
    "a",
    "é",
    "1",
    "1.5",
    "OR",
    "AND",
    "NOT",
    " or ",
    " and ",
    " not ",
    "IN",
    " in ",
    " like ",
    "TERM(",
    "CASE(",
    "where ",
    "eval ",
    "stats ",
    "table ",
    "bin ",
    "regex ",
    "rename ",
    "fields ",
    "search ",
    "rex ",
    "mode=sed ",
    "s/a/b/g",
    "(?<x>\"a\")",
    "foreach a* [",
    "<<FIELD>>",
    "lookup t ",
    "OUTPUT ",
    "iplocation ",
    "mvexpand ",
    "span=1s",
    " as ",
    " by ",
    "count",
    "values(*)",
    "eval(",
    "match(",
    "`get_endpoint_data`",
    "`ut_shannon(x)`",
    "`nope(",
    "{}",
    "$",
    "\n",
    "\u{a0}",
    "--",
    "%20",
];

proptest! {
    #[test]
    fn no_text_panics(text in "\\PC{0,80}") {
        check_any(&text);
    }

    #[test]
    fn no_spl_like_text_panics(parts in prop::collection::vec(prop::sample::select(FRAGMENTS), 0..40)) {
        check_any(&parts.concat());
    }

    #[test]
    fn no_mutated_rule_panics(
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0..12_usize, prop::sample::select(FRAGMENTS)), 1..6),
    ) {
        let mut characters: Vec<char> = crate::rule::Rule::builtin().unwrap().search.chars().collect();
        for (at, dropped, fragment) in edits {
            let at = at.index(characters.len() + 1);
            let end = (at + dropped).min(characters.len());
            characters.splice(at..end, fragment.chars());
        }
        check_any(&characters.into_iter().collect::<String>());
    }
}
