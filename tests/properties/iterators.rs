//! A kernel that goes through a chain of iterators gives what the standard library gives, whatever the chain is.
//!
//! ```text
//! a.iter().map(f).skip(2).chain(b).filter(g).rev().scan(0, h).sum()     one kernel of handles
//! map, skip, chain, filter, rev, scan of vectors, and their sum         what it must give
//! ```

use ndarray::Array1;
use parfuse::__private::{At, ClosureCode, Method, Tracer, Value};
use parfuse::Engine;
use parfuse_testing::Choices;

/// An iterator made of another.
#[derive(Clone, Copy, Debug)]
enum Step {
    Map,
    Inspect,
    Filter,
    FilterMap,
    TakeWhile,
    SkipWhile,
    MapWhile,
    Scan,
    Skip(usize),
    Take(usize),
    Every(usize),
    Rev,
    Chain,
    Zip,
    Enumerate,
    Flatten,
}

/// What an iterator ends with. Options are numbers: what there is, or one that never is.
#[derive(Clone, Copy, Debug)]
enum End {
    Sum,
    Fold,
    Count,
    Max,
    Last,
    Next,
    Nth(usize),
    Position,
    Any,
    Collect,
}

const NONE: i64 = i64::MIN;

/// Items are small, so that nothing wraps.
fn mapped(x: i64) -> i64 {
    (x * 3 - 1) % 1001
}
fn is_kept(x: i64) -> bool {
    x % 3 != 0
}
fn is_early(x: i64) -> bool {
    x % 7 != 5
}

impl Step {
    fn any(choices: &mut Choices) -> Step {
        let number = choices.below(6);
        let all = [
            Step::Map,
            Step::Inspect,
            Step::Filter,
            Step::FilterMap,
            Step::TakeWhile,
            Step::SkipWhile,
            Step::MapWhile,
            Step::Scan,
            Step::Skip(number),
            Step::Take(2 * number),
            Step::Every(number + 1),
            Step::Rev,
            Step::Chain,
            Step::Zip,
            Step::Enumerate,
            Step::Flatten,
        ];
        choices.pick(&all)
    }

    /// Whether items go through it one by one, so that some steps cannot follow.
    fn is_stage(self) -> bool {
        !matches!(
            self,
            Step::Map
                | Step::Skip(_)
                | Step::Take(_)
                | Step::Every(_)
                | Step::Rev
                | Step::Chain
                | Step::Zip
                | Step::Enumerate
        )
    }

    /// Whether it needs to know where all items are.
    fn needs_positions(self) -> bool {
        matches!(self, Step::Every(_) | Step::Rev | Step::Chain)
    }

    fn of_vector(self, items: Vec<i64>, other: &[i64]) -> Vec<i64> {
        let items = items.into_iter();
        match self {
            Step::Map => items.map(mapped).collect(),
            Step::Inspect => items.collect(),
            Step::Filter => items.filter(|x| is_kept(*x)).collect(),
            Step::FilterMap => items.filter_map(|x| is_kept(x).then_some(mapped(x))).collect(),
            Step::TakeWhile => items.take_while(|x| is_early(*x)).collect(),
            Step::SkipWhile => items.skip_while(|x| is_early(*x)).collect(),
            Step::MapWhile => items.map_while(|x| is_early(x).then_some(mapped(x))).collect(),
            Step::Scan => items
                .scan(5, |state, x| {
                    *state = mapped(*state + x);
                    Some(*state)
                })
                .collect(),
            Step::Skip(count) => items.skip(count).collect(),
            Step::Take(count) => items.take(count).collect(),
            Step::Every(step) => items.step_by(step).collect(),
            Step::Rev => items.rev().collect(),
            Step::Chain => items.chain(other.iter().copied()).collect(),
            Step::Zip => items.zip(other).map(|(x, y)| mapped(x + y)).collect(),
            Step::Enumerate => items.enumerate().map(|(i, x)| mapped(x + i as i64)).collect(),
            Step::Flatten => items.flat_map(|x| (0..x.rem_euclid(3)).map(move |y| mapped(x + y))).collect(),
        }
    }

    fn of_handle<'t>(self, t: &'t Tracer, items: Value<'t>, other: Value<'t>) -> Value<'t> {
        let at = At::NONE;
        let closure = |parameters, code: ClosureCode| t.closure(&[], false, parameters, code, at);
        let by = |method, parameters, code| t.method(items, method, &[closure(parameters, code)], at);
        let number = |number: usize| t.lift(number, at);
        match self {
            Step::Map => by(Method::map, 1, |t, x| map_of(t, x[0])),
            Step::Inspect => by(Method::inspect, 1, |t, _| t.unit()),
            Step::Filter => by(Method::filter, 1, |t, x| kept(t, x[0])),
            Step::FilterMap => by(Method::filter_map, 1, |t, x| some_if(t, kept(t, x[0]), map_of(t, x[0]))),
            Step::TakeWhile => by(Method::take_while, 1, |t, x| early(t, x[0])),
            Step::SkipWhile => by(Method::skip_while, 1, |t, x| early(t, x[0])),
            Step::MapWhile => by(Method::map_while, 1, |t, x| some_if(t, early(t, x[0]), map_of(t, x[0]))),
            Step::Scan => {
                let code: ClosureCode = |t, given| {
                    let (state, x) = (given[0], given[1]);
                    let next = map_of(t, t.binary("+", t.unary("*", state, At::NONE), x, At::NONE));
                    t.assign(t.unary("*", state, At::NONE), next, At::NONE);
                    t.some(t.unary("*", state, At::NONE), At::NONE)
                };
                t.method(items, Method::scan, &[t.lift(5i64, at), closure(2, code)], at)
            }
            Step::Skip(count) => t.method(items, Method::skip, &[number(count)], at),
            Step::Take(count) => t.method(items, Method::take, &[number(count)], at),
            Step::Every(step) => t.method(items, Method::step_by, &[number(step)], at),
            Step::Rev => t.method(items, Method::rev, &[], at),
            Step::Chain => t.method(items, Method::chain, &[t.method(other, Method::iter, &[], at)], at),
            Step::Zip => {
                let pairs = t.method(items, Method::zip, &[t.method(other, Method::iter, &[], at)], at);
                let code: ClosureCode = |t, pair| {
                    let [x, y] = [0, 1].map(|part| t.field(pair[0], part, At::NONE));
                    map_of(t, t.binary("+", x, y, At::NONE))
                };
                t.method(pairs, Method::map, &[closure(1, code)], at)
            }
            Step::Enumerate => {
                let pairs = t.method(items, Method::enumerate, &[], at);
                let code: ClosureCode = |t, pair| {
                    let [i, x] = [0, 1].map(|part| t.field(pair[0], part, At::NONE));
                    map_of(t, t.binary("+", x, t.cast::<i64>(i, At::NONE), At::NONE))
                };
                t.method(pairs, Method::map, &[closure(1, code)], at)
            }
            Step::Flatten => by(Method::flat_map, 1, |t, x| {
                let (at, x) = (At::NONE, x[0]);
                let end = t.method(x, Method::rem_euclid, &[t.lift(3i64, at)], at);
                let range = t.range(t.lift(0i64, at), end, false, at);
                let code: ClosureCode = |t, given| map_of(t, t.binary("+", given[0], given[1], At::NONE));
                t.method(range, Method::map, &[t.closure(&[x], true, 1, code, at)], at)
            }),
        }
    }
}

fn map_of<'t>(t: &'t Tracer, x: Value<'t>) -> Value<'t> {
    let at = At::NONE;
    let tripled = t.binary("-", t.binary("*", x, t.lift(3i64, at), at), t.lift(1i64, at), at);
    t.binary("%", tripled, t.lift(1001i64, at), at)
}
fn differs<'t>(t: &'t Tracer, x: Value<'t>, divisor: i64, rest: i64) -> Value<'t> {
    let at = At::NONE;
    t.binary("!=", t.binary("%", x, t.lift(divisor, at), at), t.lift(rest, at), at)
}
fn kept<'t>(t: &'t Tracer, x: Value<'t>) -> Value<'t> {
    differs(t, x, 3, 0)
}
fn early<'t>(t: &'t Tracer, x: Value<'t>) -> Value<'t> {
    differs(t, x, 7, 5)
}
fn some_if<'t>(t: &'t Tracer, condition: Value<'t>, value: Value<'t>) -> Value<'t> {
    t.method(condition, Method::then_some, &[value], At::NONE)
}

impl End {
    fn any(choices: &mut Choices) -> End {
        let number = choices.below(5);
        let all = [
            End::Sum,
            End::Fold,
            End::Count,
            End::Max,
            End::Last,
            End::Next,
            End::Nth(number),
            End::Position,
            End::Any,
            End::Collect,
        ];
        choices.pick(&all)
    }

    /// Numbers: one, or what is collected.
    fn of_vector(self, items: &[i64]) -> Vec<i64> {
        let mut items = items.iter().copied();
        vec![match self {
            End::Sum => items.sum(),
            End::Fold => items.fold(1, |s, x| mapped(s + x)),
            End::Count => items.count() as i64,
            End::Max => items.max().unwrap_or(NONE),
            End::Last => items.last().unwrap_or(NONE),
            End::Next => items.next().unwrap_or(NONE),
            End::Nth(count) => items.nth(count).unwrap_or(NONE),
            End::Position => items.position(|x| !is_kept(x)).map_or(NONE, |i| i as i64),
            End::Any => items.any(|x| !is_early(x)).into(),
            End::Collect => return items.collect(),
        }]
    }

    fn of_handle<'t>(self, t: &'t Tracer, items: Value<'t>) -> Value<'t> {
        let at = At::NONE;
        let closure = |parameters, code: ClosureCode| t.closure(&[], false, parameters, code, at);
        let or_none = |option| t.method(option, Method::unwrap_or, &[t.lift(NONE, at)], at);
        let given = |method, args: &[Value<'t>]| t.method(items, method, args, at);
        match self {
            End::Sum => given(Method::sum, &[]),
            End::Fold => {
                let code: ClosureCode = |t, given| map_of(t, t.binary("+", given[0], given[1], At::NONE));
                given(Method::fold, &[t.lift(1i64, at), closure(2, code)])
            }
            End::Count => t.cast::<i64>(given(Method::count, &[]), at),
            End::Max => or_none(given(Method::max, &[])),
            End::Last => or_none(given(Method::last, &[])),
            End::Next => or_none(given(Method::next, &[])),
            End::Nth(count) => or_none(given(Method::nth, &[t.lift(count, at)])),
            End::Position => {
                let found =
                    given(Method::position, &[closure(1, |t, x| t.unary("!", kept(t, x[0]), At::NONE))]);
                let as_number: ClosureCode = |t, i| t.cast::<i64>(i[0], At::NONE);
                or_none(t.method(found, Method::map, &[closure(1, as_number)], at))
            }
            End::Any => {
                let found = given(Method::any, &[closure(1, |t, x| t.unary("!", early(t, x[0]), At::NONE))]);
                t.cast::<i64>(found, at)
            }
            End::Collect => given(Method::collect, &[]),
        }
    }
}

/// A chain that kernels take: what needs positions comes before what leaves items out.
fn chain(choices: &mut Choices) -> (Vec<Step>, End) {
    let (mut steps, mut has_stages) = (Vec::new(), false);
    for _ in 0..choices.below(6) {
        let step = Step::any(choices);
        if !(has_stages && step.needs_positions()) {
            steps.push(step);
            has_stages |= step.is_stage();
        }
    }
    (steps, End::any(choices))
}

#[test]
fn chains_of_iterators_give_what_the_standard_library_gives() {
    let engine = Engine::builder().threads(2).build().unwrap();
    for seed in 0..120 {
        let choices = &mut Choices::seeded(seed);
        let (steps, end) = chain(choices);
        let kernel = engine.trace("chain", |t| {
            let (a, b) = (t.array::<i64>("a", 1), t.array::<i64>("b", 1));
            let items = t.method(a, Method::iter, &[], At::NONE);
            end.of_handle(t, steps.iter().fold(items, |items, step| step.of_handle(t, items, b)))
        });
        let kernel = kernel.unwrap_or_else(|error| panic!("seed {seed}, {steps:?}, {end:?}: {error}"));
        for n in [0, 1, 2, 7, choices.below(400)] {
            let numbers = |n: usize, from: usize| -> Vec<i64> {
                (0..n).map(|i| ((i + from) * 37 % 101) as i64 - 40).collect()
            };
            let (a, b) = (numbers(n, 3), numbers(n / 2 + 1, 11));
            let items = steps.iter().fold(a.clone(), |items, step| step.of_vector(items, &b));
            let expected = end.of_vector(&items);
            let arguments = (&Array1::from(a), &Array1::from(b));
            for parallel in [false, true] {
                let found: Vec<i64> = match (end, parallel) {
                    (End::Collect, false) => kernel.serial::<Array1<i64>>(arguments).unwrap().to_vec(),
                    (End::Collect, true) => kernel.parallel::<Array1<i64>>(arguments).unwrap().to_vec(),
                    (_, false) => vec![kernel.serial(arguments).unwrap()],
                    (_, true) => vec![kernel.parallel(arguments).unwrap()],
                };
                assert_eq!(found, expected, "seed {seed}, {steps:?}, {end:?}, {n} elements");
            }
        }
    }
}
