//! Loops that are left from inside their turns.
//!
//! A `break` of plain loops is a truth value that the loop carries and that its header asks for. In scalar code nobody carries or asks
//! for it: the turn goes where it leads, from each branch at its end that says what it is.
//!
//! ```text
//! loop done = false, i = 0, … {            test: i < n? ── no ──────────▶ after
//!   test (i < n) & !done                   body: c? ── yes ─────────────▶ after
//! } do {                              ⇒          no ─▶ …  d? ── yes ────▶ after
//!   n = if c { yield true }                                 no ─▶ i + 1 ─▶ test
//!       else { … yield d }
//!   next n, i + 1, …
//! }
//! ```
//!
//! What stands behind such a branch is emitted once for each of its sides if it is little, as it is where a side says that the rest is
//! not to be done. The other sides meet in front of it.

use crate::branches::{Branch, Branches};
use crate::conditions::is_slow;
use crate::known::{self, truth};
use parfuse_ir::lane::{Carried, Code, Inst, LaneOp, LaneType, Merge, Node, Value, walk};
use smallvec::SmallVec;
use std::collections::{HashMap, HashSet};

/// As many operations are emitted once more for a side of a branch.
const MOST_BEHIND: usize = 8;

/// A truth value that a loop carries: that the other one leaves the loop.
#[derive(Clone, Copy)]
struct Exit {
    carry: Carried,
    /// What it is as long as the loop goes on.
    stays: bool,
}

/// How much is known around a loop.
#[derive(Clone, Copy)]
pub(crate) struct Marks {
    /// Outside it.
    pub(crate) outside: usize,
    /// In all of its turns.
    in_turns: usize,
}

/// What a loop carries: what leaves it, what changes only in turns that leave it, and the rest.
pub(crate) struct Turn<'n> {
    carried: &'n [Carried],
    exits: SmallVec<[Exit; 2]>,
    kept: Vec<Carried>,
    others: Vec<Carried>,
    /// The values of which it depends whether a turn leads out of the loop.
    flags: HashSet<Value>,
}

impl<'n> Turn<'n> {
    /// Of a loop in scalar code.
    pub(crate) fn of(
        code: &Code,
        carried: &'n [Carried],
        header: &[Node],
        cond: Value,
        body: &[Node],
    ) -> Turn<'n> {
        let exits: SmallVec<[Exit; 2]> =
            carried.iter().filter_map(|carry| exit(code, *carry, header, cond)).collect();
        let is_exit = |carry: &Carried| exits.iter().any(|exit| exit.carry.value == carry.value);
        let mut others: Vec<Carried> = carried.iter().filter(|carry| !is_exit(carry)).copied().collect();
        let yields = yields(body);
        let kept =
            |carry: &mut Carried| is_kept(code, &yields, &exits, (carry.next, carry.value), &mut Vec::new());
        let kept = others.extract_if(.., kept).collect();
        let flags = flags(code, &exits, &yields);
        Turn { carried, exits, kept, others, flags }
    }

    /// Of a loop whose turns all go through its header.
    pub(crate) fn plain(carried: &'n [Carried]) -> Turn<'n> {
        let (exits, kept, flags) = (SmallVec::new(), Vec::new(), HashSet::new());
        Turn { carried, exits, kept, others: carried.to_vec(), flags }
    }

    /// All that the loop carries.
    pub(crate) fn all(&self) -> &'n [Carried] {
        self.carried
    }

    /// What goes from turn to turn.
    pub(crate) fn carried(&self) -> &[Carried] {
        &self.others
    }

    /// How many ways there are through the body of the loop, at most.
    pub(crate) fn ways<'a, B: Branches<'a>>(&self, b: &B, body: &[Node]) -> usize {
        ways(b, body, &self.flags)
    }

    /// Begins the loop: makes known what the values that leave it are in it, and binds those that stay as they are.
    pub(crate) fn begin<'a, B: Branches<'a>>(&self, b: &mut B) -> Marks {
        let outside = b.known().mark();
        for carry in &self.kept {
            let truth = b.truth(carry.init);
            b.bind_same(carry.value, carry.init);
            learn(b, carry.value, truth);
        }
        for Exit { carry, stays } in &self.exits {
            // As long as the loop goes on each is what it is at first.
            learn(b, carry.value, Some(*stays));
        }
        Marks { outside, in_turns: b.known().mark() }
    }

    /// Emits the header of the loop and goes on into it, or behind it. What leaves the loop inside its turns makes that block take
    /// all that the loop carries: what [`Turn::bind_left`] binds.
    pub(crate) fn test<'a, B: Branches<'a>>(
        &self,
        b: &mut B,
        header: &[Node],
        cond: Value,
        [inside, after]: [B::Block; 2],
    ) -> Vec<B::Registers> {
        if self.exits.is_empty() {
            b.nodes_and_test(header, cond, [inside, after]);
            b.learn_of(header, cond, true);
            return Vec::new();
        }
        let left = self.carried.iter().map(|carry| b.receive(after, carry.value)).collect();
        if b.truth(cond) == Some(true) {
            b.nodes(header);
            b.jump(inside, &[]);
        } else {
            let out = b.block();
            b.nodes_and_test(header, cond, [inside, out]);
            b.fill(out);
            let sent = b.send(self.carried.iter().map(|carry| (carry.value, carry.value)));
            b.jump(after, &sent);
        }
        b.learn_of(header, cond, true);
        left
    }

    /// Emits the body of the loop. `go_on` ends a turn that leads to the next; the others lead to a block, which takes all that the
    /// loop carries.
    pub(crate) fn body<'a, B: Branches<'a>>(
        &self,
        b: &mut B,
        body: &[Node],
        after: B::Block,
        marks: Marks,
        go_on: &mut dyn FnMut(&mut B),
    ) {
        let known = marks.in_turns;
        End { turn: self, after, known, meetings: Vec::new(), go_on }.nodes(b, body, None);
    }

    /// Binds what the loop carried to what the block behind it takes.
    pub(crate) fn bind_left<'a, B: Branches<'a>>(&self, b: &mut B, left: Vec<B::Registers>) {
        for (carry, registers) in self.carried.iter().zip(left) {
            b.bind(carry.value, registers);
        }
    }
}

/// What is left of a turn behind a branch, on one of its sides.
#[derive(Clone, Copy)]
struct Behind<'n> {
    branch: Branch<'n>,
    side: usize,
    nodes: &'n [Node],
    /// Where sides meet that have more to do there than little, by number.
    meeting: Option<usize>,
    then: Option<&'n Behind<'n>>,
}

/// Where sides of a branch meet again: a block, and what is known there of what they yield.
struct Meeting<Block, Registers> {
    place: Option<(Block, Vec<Registers>)>,
    truths: Vec<Option<bool>>,
}

/// The end of turns.
struct End<'n, 'a, B: Branches<'a>> {
    turn: &'n Turn<'n>,
    after: B::Block,
    /// How much is known in every turn.
    known: usize,
    meetings: Vec<Meeting<B::Block, B::Registers>>,
    go_on: &'n mut dyn FnMut(&mut B),
}

impl<'a, B: Branches<'a>> End<'_, 'a, B> {
    /// Emits nodes, and what is behind them.
    fn nodes(&mut self, b: &mut B, nodes: &[Node], behind: Option<&Behind<'_>>) {
        let Some((position, branch)) = first_branch(b, nodes, &self.turn.flags) else {
            return self.last_nodes(b, nodes, behind);
        };
        let (front, rest) = (&nodes[..position], &nodes[position + 1..]);
        let (front, chain) = front.split_at(front.len() - b.conditions_before(front, branch.cond));
        b.nodes(front);
        let own = Behind { branch, side: 0, nodes: rest, meeting: None, then: behind };
        if let Some(truth) = b.truth(branch.cond).filter(|_| chain.is_empty()) {
            let side = usize::from(!truth);
            return self.nodes(b, branch.sides[side], Some(&Behind { side, ..own }));
        }
        let number = self.meetings.len();
        self.meetings.push(Meeting { place: None, truths: Vec::new() });
        let meeting = (!is_little(b, rest)).then_some(number);
        // The code goes straight on where the loop does.
        let order = if self.leaves(b, branch, 0, own) { [1, 0] } else { [0, 1] };
        b.go_either_way(chain, branch, order, |b, side| {
            self.nodes(b, branch.sides[side], Some(&Behind { side, meeting, ..own }));
        });
        let Meeting { place, truths } = self.meetings.pop().expect("it is there");
        if let Some((block, received)) = place {
            b.fill(block);
            for ((merge, registers), truth) in branch.results.iter().zip(received).zip(truths) {
                b.bind(merge.value, registers);
                learn(b, merge.value, truth);
            }
            self.nodes(b, rest, behind);
        }
    }

    /// Emits nodes without such a branch, and what is behind them: twice what is chosen by whether the turn leads out of the loop.
    fn last_nodes(&mut self, b: &mut B, nodes: &[Node], behind: Option<&Behind<'_>>) {
        let Some((position, cond, stays)) = self.exits(b, nodes, behind) else {
            b.nodes(nodes);
            return self.behind(b, behind);
        };
        let (front, rest) = nodes.split_at(position + 1);
        b.nodes(front);
        let blocks = [(); 2].map(|()| b.block());
        b.branch_on(cond, stays, blocks);
        for (block, truth) in blocks.into_iter().zip([stays, !stays]) {
            b.fill(block);
            let mark = b.known().mark();
            learn(b, cond, Some(truth));
            b.scoped(|b| {
                b.nodes(rest);
                self.behind(b, behind);
            });
            b.known().forget(mark);
        }
    }

    /// Where nodes compute what decides whether the turn leads out of the loop, and what that is if it does not; if little stands
    /// behind it and asks for it.
    fn exits(&self, b: &B, nodes: &[Node], behind: Option<&Behind<'_>>) -> Option<(usize, Value, bool)> {
        let leaves = self.turn.exits.iter().map(|exit| (exit.carry.next, exit.stays));
        // What a branch behind asks for is false, as a rule, if the loop goes on.
        let branches = std::iter::successors(behind, |behind| behind.then);
        let flags = branches.flat_map(|behind| behind.branch.results).map(|merge| merge.value);
        let flags = flags.filter(|flag| self.turn.flags.contains(flag)).map(|flag| (flag, false));
        leaves.chain(flags).find_map(|(flag, stays)| {
            let (cond, holds) = deciding(b, asked(flag, behind));
            let is_cond = |node: &Node| matches!(node, Node::Let(value) if *value == cond);
            let position = nodes.iter().position(is_cond)?;
            let rest = &nodes[position + 1..];
            let mut asks = false;
            rest.iter().for_each(|node| walk::reads(b.code(), node, |value| asks |= value == cond));
            let splits = asks && b.truth(cond).is_none() && is_little(b, rest);
            splits.then_some((position, cond, holds == stays))
        })
    }

    /// Whether a side of a branch leads out of the loop.
    fn leaves(&self, b: &B, branch: Branch<'_>, side: usize, behind: Behind<'_>) -> bool {
        let own = Behind { branch, side, ..behind };
        let leads_out = |exit: &Exit| b.truth(asked(exit.carry.next, Some(&own))) == Some(!exit.stays);
        self.turn.exits.iter().any(leads_out)
    }

    /// Emits what is behind a side of a branch, or goes where that is.
    fn behind(&mut self, b: &mut B, behind: Option<&Behind<'_>>) {
        let Some(Behind { branch, side, nodes, meeting, then }) = behind else { return self.end(b) };
        let truths: Vec<Option<bool>> = branch.yields(*side).map(|(yielded, _)| b.truth(yielded)).collect();
        let mark = b.known().mark();
        for (merge, truth) in branch.results.iter().zip(&truths) {
            learn(b, merge.value, *truth);
        }
        match meeting {
            Some(number) if !is_little(b, nodes) => {
                b.known().forget(mark);
                let sent = b.send(branch.yields(*side));
                self.meet(b, *number, *branch, &sent, truths);
            }
            _ => {
                branch.yields(*side).for_each(|(yielded, value)| b.bind_same(value, yielded));
                self.nodes(b, nodes, *then);
            }
        }
    }

    /// Goes where sides of a branch meet.
    fn meet(
        &mut self,
        b: &mut B,
        number: usize,
        branch: Branch<'_>,
        sent: &[B::Reg],
        truths: Vec<Option<bool>>,
    ) {
        let Meeting { place, truths: common } = &mut self.meetings[number];
        match place {
            Some(_) => {
                let differs = |(own, other): (&mut Option<bool>, Option<bool>)| {
                    if *own != other {
                        *own = None;
                    }
                };
                common.iter_mut().zip(truths).for_each(differs);
            }
            None => {
                let block = b.block();
                let received = branch.results.iter().map(|merge| b.receive(block, merge.value)).collect();
                *place = Some((block, received));
                *common = truths;
            }
        }
        let (block, _) = place.as_ref().expect("it is there by now");
        b.jump(*block, sent);
    }

    /// Leaves the loop, or goes on with the next turn.
    fn end(&mut self, b: &mut B) {
        let mut ways_out: SmallVec<[B::Block; 2]> = SmallVec::new();
        for Exit { carry, stays } in &self.turn.exits {
            match b.truth(carry.next) {
                Some(truth) if truth == *stays => {}
                Some(_) => {
                    self.leave(b);
                    return self.leave_by(b, &ways_out);
                }
                None => {
                    let blocks = [(); 2].map(|()| b.block());
                    let (cond, holds) = b.decisive(carry.next);
                    b.branch_on(cond, holds == *stays, blocks);
                    ways_out.push(blocks[1]);
                    b.fill(blocks[0]);
                }
            }
        }
        // Of the next turn's values nothing is known as yet.
        let aside = b.known().set_aside(self.known);
        (self.go_on)(b);
        b.known().put_back(aside);
        self.leave_by(b, &ways_out);
    }

    fn leave_by(&mut self, b: &mut B, ways_out: &[B::Block]) {
        for block in ways_out {
            b.fill(*block);
            self.leave(b);
        }
    }

    fn leave(&mut self, b: &mut B) {
        let sent = b.send(self.turn.carried.iter().map(|carry| (carry.next, carry.value)));
        b.jump(self.after, &sent);
    }
}

/// What is to be asked on a side of a branch for a value at the end of the turn.
fn asked(value: Value, behind: Option<&Behind<'_>>) -> Value {
    let Some(Behind { branch, side, then, .. }) = behind else { return value };
    let value = asked(value, *then);
    branch.yields(*side).find(|(_, own)| *own == value).map_or(value, |(yielded, _)| yielded)
}

/// What decides a condition that is yet to be computed, and whether that has to hold.
fn deciding<'a, B: Branches<'a>>(b: &B, mut cond: Value) -> (Value, bool) {
    let mut holds = true;
    while let Some((other, same)) = b.decided_by(cond) {
        (cond, holds) = (other, holds == same);
    }
    (cond, holds)
}

fn learn<'a, B: Branches<'a>>(b: &mut B, value: Value, truth: Option<bool>) {
    if let Some(truth) = truth {
        let code = b.code();
        b.known().learn(code, value, truth);
    }
}

/// What is carried, if it begins as one truth value and the other one leaves the loop.
fn exit(code: &Code, carry: Carried, header: &[Node], cond: Value) -> Option<Exit> {
    let data = &code.values[carry.init];
    let stays = match data.inst {
        Inst::Const(bits) if data.ty == LaneType::Bool && carry.next != carry.value => bits & 1 == 1,
        _ => return None,
    };
    is_false_with(code, header, cond, carry.value, !stays).then_some(Exit { carry, stays })
}

/// Whether a condition is false if a truth value is this one; branches in a header may compute it.
fn is_false_with(code: &Code, header: &[Node], cond: Value, value: Value, holds: bool) -> bool {
    let known = |asked: Value| (asked == value).then_some(holds);
    if let Some(truth) = truth(code, cond, &known) {
        return !truth;
    }
    if let Inst::Op(LaneOp::BAnd, args) = &code.values[cond].inst {
        return args.iter().any(|arg| is_false_with(code, header, *arg, value, holds));
    }
    let computes = |branch: &Branch<'_>| branch.results.iter().any(|merge| merge.value == cond);
    let Some(branch) = header.iter().filter_map(Branch::of).find(computes) else { return false };
    let goes = match truth(code, branch.cond, &known) {
        None if is_false_with(code, header, branch.cond, value, holds) => Some(false),
        goes => goes,
    };
    [true, false].into_iter().enumerate().filter(|(_, way)| goes.is_none_or(|goes| goes == *way)).all(
        |(side, _)| {
            let (yielded, _) = branch.yields(side).find(|(_, own)| *own == cond).expect("it computes it");
            is_false_with(code, branch.sides[side], yielded, value, holds)
        },
    )
}

/// What the sides of branches of a body yield, by what becomes of it.
type Yields = HashMap<Value, Yielded>;

/// What the sides of a branch yield, and the number of the branch.
struct Yielded {
    branch: usize,
    sides: [Value; 2],
}

fn yields(body: &[Node]) -> Yields {
    let branches = walk::statements(body).filter_map(Branch::of).enumerate();
    let results =
        branches.flat_map(|(number, branch)| branch.results.iter().map(move |merge| (number, merge)));
    let yielded = |(branch, merge): (usize, &Merge)| Yielded { branch, sides: [merge.then, merge.otherwise] };
    results.map(|own| (own.1.value, yielded(own))).collect()
}

/// Whether a value is another one at the end of all turns that do not leave the loop, and take these sides of branches.
fn is_kept(
    code: &Code,
    yields: &Yields,
    exits: &[Exit],
    (value, other): (Value, Value),
    taken: &mut Vec<(usize, usize)>,
) -> bool {
    if value == other {
        return true;
    }
    let Some(Yielded { branch, sides }) = yields.get(&value) else { return false };
    sides.iter().enumerate().all(|(side, yielded)| {
        taken.push((*branch, side));
        let leaves = |exit: &Exit| is_surely(code, yields, exit.carry.next, !exit.stays, taken);
        let kept = exits.iter().any(leaves) || is_kept(code, yields, exits, (*yielded, other), taken);
        taken.pop();
        kept
    })
}

/// Whether a truth value is this one in all turns that take these sides of branches.
fn is_surely(code: &Code, yields: &Yields, value: Value, truth: bool, taken: &[(usize, usize)]) -> bool {
    let Some(Yielded { branch, sides }) = yields.get(&value) else {
        return known::truth(code, value, &|_| None) == Some(truth);
    };
    let goes = taken.iter().find(|(own, _)| own == branch).map(|(_, side)| *side);
    let mut sides = sides.iter().enumerate().filter(|(side, _)| goes.is_none_or(|goes| goes == *side));
    sides.all(|(_, inner)| is_surely(code, yields, *inner, truth, taken))
}

/// The values of which it depends whether a turn leads out of its loop.
fn flags(code: &Code, exits: &[Exit], yields: &Yields) -> HashSet<Value> {
    let mut flags = HashSet::new();
    let mut open: Vec<Value> = exits.iter().map(|exit| exit.carry.next).collect();
    while let Some(value) = open.pop() {
        if !flags.insert(value) {
            continue;
        }
        match (&code.values[value].inst, yields.get(&value)) {
            (_, Some(Yielded { sides, .. })) => open.extend(sides),
            (Inst::Op(LaneOp::BAnd | LaneOp::BOr | LaneOp::BNot, args), _) => open.extend(args),
            _ => {}
        }
    }
    flags
}

/// How many ways there are through some nodes to the next turn, at most.
fn ways<'a, B: Branches<'a>>(b: &B, nodes: &[Node], flags: &HashSet<Value>) -> usize {
    let Some((position, branch)) = first_branch(b, nodes, flags) else { return 1 };
    let rest = &nodes[position + 1..];
    match is_little(b, rest) {
        true => branch.sides.iter().map(|side| ways(b, side, flags)).sum(),
        false => ways(b, rest, flags),
    }
}

/// The first branch of some nodes that says on one of its sides whether the turn leads out of its loop.
fn first_branch<'a, 'n, B: Branches<'a>>(
    b: &B,
    nodes: &'n [Node],
    flags: &HashSet<Value>,
) -> Option<(usize, Branch<'n>)> {
    let branches =
        nodes.iter().enumerate().filter_map(|(position, node)| Some((position, Branch::of(node)?)));
    let says = |branch: Branch<'_>| {
        let concerned = |yielded: Value, value: Value| flags.contains(&value) && b.truth(yielded).is_some();
        [0, 1].iter().any(|side| branch.yields(*side).any(|(yielded, value)| concerned(yielded, value)))
    };
    let inside = |branch: Branch<'_>| {
        branch.results.iter().any(|merge| flags.contains(&merge.value))
            && branch.sides.iter().any(|side| first_branch(b, side, flags).is_some())
    };
    branches.into_iter().find(|(_, branch)| says(*branch) || inside(*branch))
}

/// Whether nodes are a few short operations, and branches that are decided.
fn is_little<'a, B: Branches<'a>>(b: &B, nodes: &[Node]) -> bool {
    little(b, nodes).is_some_and(|count| count <= MOST_BEHIND)
}

/// How many operations nodes are, if all are short and all branches decided.
fn little<'a, B: Branches<'a>>(b: &B, nodes: &[Node]) -> Option<usize> {
    let count = |node: &Node| match node {
        Node::Let(value) => match &b.code().values[*value].inst {
            Inst::Op(op, _) if !is_slow(*op) => Some(1),
            _ => None,
        },
        node => {
            let branch = Branch::of(node)?;
            little(b, branch.sides[usize::from(!b.truth(branch.cond)?)])
        }
    };
    nodes.iter().map(count).sum()
}
