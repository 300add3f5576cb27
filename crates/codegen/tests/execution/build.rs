//! Lane programs by hand: a kernel of array parameters, scalar parameters and one region at a time.

use parfuse_ir::grid::Grain;
use parfuse_ir::lane::{
    Address, Block, Code, FaultId, Frame, Inst, Lane, LaneOp, LaneType, Lanes, Node, Reduction, Region,
    RegionId, Slot, Value, Walk,
};
use parfuse_ir::loops::{Buffer, BufferData, Layout, Origin};
use parfuse_ir::{Arena, DType, Fault, FaultKind, Files, Loc, ReduceOp};
use smallvec::SmallVec;

/// A kernel under construction. Its driver launches its regions one after the other.
pub struct Kernel {
    pub lane: Lane,
}

impl Kernel {
    /// A kernel over one-dimensional array parameters of these types, then local arrays of these.
    pub fn new(params: &[DType], locals: &[DType]) -> Kernel {
        let mut buffers = Arena::new();
        for (index, dtype) in params.iter().enumerate() {
            let layout = Layout::rows(1);
            let origin = Origin::Param { index: index as u32, layout };
            buffers.push(BufferData { name: format!("p{index}"), dtype: *dtype, rank: 1, origin });
        }
        for (index, dtype) in locals.iter().enumerate() {
            buffers.push(BufferData {
                name: format!("l{index}"),
                dtype: *dtype,
                rank: 1,
                origin: Origin::Local,
            });
        }
        Kernel {
            lane: Lane {
                name: "test".into(),
                frame: Frame::with_param_count(params.len(), &buffers),
                buffers,
                driver: Code::default(),
                regions: Arena::new(),
                calls: Arena::new(),
                faults: Arena::new(),
                results: Vec::new(),
                files: Files::default(),
                threads: None,
                polls: false,
            },
        }
    }

    /// A slot of its own.
    pub fn slot(&mut self) -> Slot {
        self.lane.frame.add()
    }

    /// A fault on some axis, to tell faults apart.
    pub fn fault(&mut self, axis: u8) -> FaultId {
        let kind = FaultKind::IndexOutOfRange { axis };
        self.lane.faults.push(Fault { kind, loc: Loc::NONE, array: None })
    }

    /// Adds a region over extents that are in slots, and launches it.
    pub fn region(&mut self, extents: Vec<Slot>, build: impl FnOnce(&mut Body)) -> RegionId {
        let mut body = Body {
            code: Code::default(),
            blocks: vec![Vec::new()],
            prologue: Vec::new(),
            reductions: Vec::new(),
        };
        build(&mut body);
        let Body { mut code, mut blocks, prologue, reductions } = body;
        code.body = blocks.pop().expect("the outermost block");
        let region = Region {
            code,
            prologue,
            extents,
            grain: Grain::Fine,
            walk: Walk::Lanes,
            collapsible: None,
            reductions,
            outputs: Vec::new(),
            sources: Vec::new(),
        };
        let id = self.lane.regions.push(region);
        self.lane.driver.body.push(Node::Launch(id));
        id
    }
}

/// A region's code under construction.
pub struct Body {
    pub code: Code,
    blocks: Vec<Block>,
    pub prologue: Block,
    reductions: Vec<Reduction>,
}

impl Body {
    pub fn node(&mut self, node: Node) {
        self.blocks.last_mut().expect("a block").push(node);
    }
    pub fn leaf(&mut self, inst: Inst, ty: LaneType, varying: bool) -> Value {
        self.code.value(inst, ty, varying)
    }
    pub fn bits(&mut self, bits: u64, ty: LaneType) -> Value {
        self.leaf(Inst::Const(bits), ty, false)
    }
    pub fn int(&mut self, value: i64) -> Value {
        self.bits(value as u64, LaneType::I64)
    }
    pub fn float(&mut self, value: f64) -> Value {
        self.bits(value.to_bits(), LaneType::F64)
    }
    pub fn lane_index(&mut self) -> Value {
        self.leaf(Inst::LaneIndex, LaneType::I64, true)
    }
    pub fn linear_index(&mut self) -> Value {
        self.leaf(Inst::LinearIndex, LaneType::I64, true)
    }
    pub fn row_index(&mut self, dimension: u8) -> Value {
        self.leaf(Inst::RowIndex(dimension), LaneType::I64, false)
    }
    pub fn bound(&mut self, ty: LaneType, varying: bool) -> Value {
        self.leaf(Inst::Bound, ty, varying)
    }
    pub fn evaluate(&mut self, inst: Inst, ty: LaneType, varying: bool) -> Value {
        let value = self.leaf(inst, ty, varying);
        self.node(Node::Let(value));
        value
    }
    /// A value of the prologue.
    pub fn once(&mut self, inst: Inst, ty: LaneType) -> Value {
        let value = self.leaf(inst, ty, false);
        self.prologue.push(Node::Let(value));
        value
    }
    pub fn op(&mut self, op: LaneOp, args: &[Value]) -> Value {
        let types: Vec<LaneType> = args.iter().map(|arg| self.code.values[*arg].ty).collect();
        let ty = op.result_type(&types).unwrap_or_else(|| panic!("{op} of {types:?}"));
        let varying = args.iter().any(|arg| self.code.values[*arg].varying);
        self.evaluate(Inst::Op(op, args.into()), ty, varying)
    }
    pub fn any(&mut self, mask: Value) -> Value {
        self.evaluate(Inst::Any(mask), LaneType::Bool, false)
    }
    pub fn load(
        &mut self,
        buffer: u32,
        ty: LaneType,
        base: Value,
        lanes: Lanes,
        mask: Option<Value>,
    ) -> Value {
        let varying = !matches!(lanes, Lanes::Uniform) || mask.is_some();
        let address = Address { base, lanes };
        self.evaluate(Inst::Load { buffer: Buffer(buffer), address, mask }, ty, varying)
    }
    /// `buffer[lanes]`
    pub fn element(&mut self, buffer: u32, ty: LaneType) -> Value {
        let base = self.int(0);
        self.load(buffer, ty, base, Lanes::Unit, None)
    }
    pub fn store(&mut self, buffer: u32, base: Value, lanes: Lanes, value: Value, mask: Option<Value>) {
        let address = Address { base, lanes };
        self.node(Node::Store { buffer: Buffer(buffer), address, value, mask });
    }
    /// `buffer[lanes] = value`
    pub fn set_element(&mut self, buffer: u32, value: Value) {
        let base = self.int(0);
        self.store(buffer, base, Lanes::Unit, value, None);
    }
    pub fn check(&mut self, ok: Value, fault: FaultId, args: &[Value], mask: Option<Value>) {
        self.node(Node::Check { ok, fault, args: SmallVec::from_slice(args), iteration: None, mask });
    }
    /// Collects the nodes that a closure adds.
    pub fn block(&mut self, build: impl FnOnce(&mut Body)) -> Block {
        self.blocks.push(Vec::new());
        build(self);
        self.blocks.pop().expect("the block just begun")
    }
    pub fn reduce(&mut self, op: ReduceOp, dtype: DType, contribution: Value, total: Slot) {
        self.reductions.push(Reduction { op, dtype, contribution, total });
    }
}
