//! Loads and stores.
//!
//! | lanes | how |
//! |---|---|
//! | one element for all | a scalar, broadcast |
//! | neighbours | whole registers, masked if need be |
//! | parts of neighbours | see `parts` |
//! | falling neighbours, every other one | see `near` |
//! | strided | see `strided`; under masks as those gathered |
//! | gathered | a gather with AVX-512 or under a mask, else one by one; scatters with AVX-512, else one by one |
//! | of elements shorter than a lane | see `shorts` |
//!
//! Lanes that do not count never touch memory: the instructions see to that, or the address is replaced by one of our
//! own.

use super::lanes::{of_lanes, of_size};
use super::scalars::compared_with;
use super::{Extent, Registers, Scratch, Selector, size};
use crate::wide::assembler::{Alu, Condition, Constant, Length, Shift, VectorOp};
use crate::wide::machine::{Kind, Place, Reg, Source};
use parfuse_ir::DType;
use parfuse_ir::lane::{Address, Buffer, Inst, LaneOp, LaneType, Lanes, Node, Value};

impl Selector<'_> {
    pub(super) fn element_of(&self, buffer: Buffer) -> DType {
        self.lane.buffers[buffer].dtype
    }

    fn element_size(&self, buffer: Buffer) -> usize {
        self.element_of(buffer).size()
    }

    /// The logarithm of the size of an element.
    pub(super) fn scale(&self, buffer: Buffer) -> u8 {
        self.element_size(buffer).trailing_zeros() as u8
    }

    pub(super) fn buffer_pointer(&mut self, buffer: Buffer) -> Reg {
        self.buffers[buffer.0 as usize].unwrap_or_else(|| {
            let slot = self.lane.frame.address(buffer);
            self.slot(slot, LaneType::I64)
        })
    }

    /// The uniform part of an address: a register and a constant offset in bytes.
    fn base(&mut self, buffer: Buffer, base: Value) -> (Reg, i32) {
        if let Some((_, pointer)) = self.row.pointers.iter().find(|(access, _)| *access == (buffer, base)) {
            return (*pointer, 0);
        }
        let bytes = self.bits(base).map(|base| (base as i64).checked_mul(self.element_size(buffer) as i64));
        let pointer = self.buffer_pointer(buffer);
        match bytes.flatten().map(i32::try_from) {
            // Leaves room for the offsets of further registers.
            Some(Ok(offset)) if offset.unsigned_abs() < 1 << 30 => (pointer, offset),
            _ => {
                let index = self.scalar(base);
                let scale = self.scale(buffer);
                let place = Place::Address { base: pointer, index: Some((index, scale)), displacement: 0 };
                (self.machine.address_of(place), 0)
            }
        }
    }

    /// Whether the uniform part of an address is neither a constant nor at hand: then it is the index of one element.
    fn is_computed_here(&self, buffer: Buffer, base: Value) -> bool {
        let known = self.row.pointers.iter().any(|(access, _)| *access == (buffer, base));
        !known && self.bits(base).is_none()
    }

    /// Computes the uniform part of an address once for the whole row, if it is more than an offset.
    pub(super) fn keep_base(&mut self, buffer: Buffer, base: Value) {
        if self.bits(base).is_none() && self.is_available(base) {
            let (pointer, _) = self.base(buffer, base);
            self.row.pointers.push(((buffer, base), pointer));
        }
    }

    /// Computes the distances of strided lanes once for the whole row.
    pub(super) fn keep_stride(&mut self, stride: Value) {
        if self.is_available(stride) {
            let distances = self.distances(stride);
            self.row.strides.push((stride, distances));
        }
    }

    /// `lane * stride`, in elements.
    fn distances(&mut self, stride: Value) -> Reg {
        if let Some((_, distances)) = self.row.strides.iter().find(|(known, _)| *known == stride) {
            return *distances;
        }
        let stride = self.scalar(stride);
        let stride = self.broadcast(stride, LaneType::I64);
        let length = self.length(LaneType::I64, Extent::Group);
        let numbers = Constant::Count { first: 0, step: 1, size: 8, bytes: length.bytes() as u8 };
        let numbers = self.machine.constant(numbers);
        let numbers = self.machine.unary(VectorOp::Vmovupd, length, Source::Memory(numbers));
        use super::values::Operand::Register;
        self.lane_op(
            parfuse_ir::lane::LaneOp::IMul,
            LaneType::I64,
            LaneType::I64,
            &[Register(numbers), Register(stride)],
            [false; 3],
            Extent::Group,
        )
    }

    /// Where the first, or only, element is.
    pub(super) fn first_place(&mut self, buffer: Buffer, address: &Address) -> Place {
        if !matches!(address.lanes, Lanes::Gather(_))
            && let Some(place) = self.walked(buffer, address)
        {
            return place;
        }
        if let (Lanes::Uniform, true) = (address.lanes, self.is_computed_here(buffer, address.base)) {
            let (base, index) = (self.buffer_pointer(buffer), self.scalar(address.base));
            let index = Some((index, self.scale(buffer)));
            return Place::Address { base, index, displacement: 0 };
        }
        let (base, displacement) = self.base(buffer, address.base);
        let scale = self.scale(buffer);
        let index = match address.lanes {
            Lanes::Uniform => None,
            Lanes::Unit => Some(self.step_index()),
            Lanes::Strided(stride) => {
                let (stride, index) = (self.scalar(stride), self.step_index());
                Some(self.machine.in_place(Kind::Multiply(true), index, Some(stride)))
            }
            Lanes::Part { of, .. } => {
                let index = self.step_index();
                Some(self.machine.fresh(Kind::MultiplyImm(true, of as i32), &[index]))
            }
            Lanes::Gather(index) => Some(self.scalar(index)),
        };
        let part = if let Lanes::Part { part, .. } = address.lanes { part as usize } else { 0 };
        let place = Place::Address { base, index: index.map(|index| (index, scale)), displacement };
        moved(place, part * self.element_size(buffer))
    }

    pub(super) fn step_index(&self) -> Reg {
        self.index.expect("only regions have a lane dimension")
    }

    /// Loads an element, or one for each lane, and binds it.
    pub(super) fn load(&mut self, value: Value, buffer: Buffer, address: &Address, mask: Option<Value>) {
        let element = self.element_of(buffer);
        if !self.is_varying(value) {
            let place = self.first_place(buffer, address);
            let ty = self.ty(value);
            if mask.is_none() && ty.is_float() && self.broadcast[value.0 as usize] && !self.one_by_one {
                // The first lane is the scalar.
                let load = of_size!(ty, Vpbroadcastq, Vpbroadcastd);
                let register =
                    self.machine.unary(load, self.length(ty, Extent::Group), Source::Memory(place));
                self.bind_scalar(value, register);
                return self.bind_lanes(value, Registers::from_elem(register, self.count));
            }
            if mask.is_none() && element.is_bool() && self.is_scalar {
                // Whoever branches on it needs no more than the byte.
                let byte = self.machine.load(1, place);
                return self.bind_comparison(value, compared_with(Condition::NotEqual, false, byte, 0));
            }
            let register = match mask {
                None => self.load_scalar(element, place),
                Some(mask) => {
                    let mask = self.scalar(mask);
                    let place = self.place_if(mask, place);
                    self.load_scalar(element, place)
                }
            };
            return self.bind_scalar(value, register);
        }
        if let Some(column) = self.column(value) {
            return self.bind_lanes(value, column);
        }
        if let Some(registers) = self.load_overlapping(value) {
            return self.bind_lanes(value, registers);
        }
        let registers = match address.lanes {
            Lanes::Uniform => self.load_one(buffer, address, mask, element),
            Lanes::Unit => self.load_neighbours(buffer, address, mask, element),
            Lanes::Part { of, part } => self.load_part(buffer, address.base, of, part),
            Lanes::Strided(_) | Lanes::Gather(_) => match self.load_near(buffer, address, mask, element) {
                Some(registers) => registers,
                None => self.load_scattered(buffer, address, mask, element),
            },
        };
        self.bind_lanes(value, registers);
    }

    fn load_scalar(&mut self, element: DType, place: Place) -> Reg {
        let ty = element.lane();
        match ty {
            _ if !element.fills_lane() => self.load_short(element, place),
            LaneType::Bool | LaneType::I32 | LaneType::I64 => self.machine.load(size(ty) as u8, place),
            LaneType::F32 | LaneType::F64 => {
                self.machine.unary(of_size!(ty, Vmovsd, Vmovss), Length::L128, Source::Memory(place))
            }
        }
    }

    /// The place itself where a condition holds, and elsewhere zeros of our own.
    pub(super) fn place_if(&mut self, condition: Reg, place: Place) -> Place {
        let zeros = Constant::Splat { bits: 0, size: 8, bytes: 8 };
        let zeros = self.machine.constant(zeros);
        let zeros = self.machine.address_of(zeros);
        self.place_or(condition, place, zeros)
    }

    fn place_or(&mut self, condition: Reg, place: Place, otherwise: Reg) -> Place {
        let pointer = self.machine.address_of(place);
        let base = self.machine.select(condition, pointer, otherwise);
        Place::Address { base, index: None, displacement: 0 }
    }

    /// One element for all lanes, read if any lane wants it.
    fn load_one(
        &mut self,
        buffer: Buffer,
        address: &Address,
        mask: Option<Value>,
        element: DType,
    ) -> Registers {
        let ty = element.lane();
        let mut place = self.first_place(buffer, address);
        if let Some(mask) = mask {
            let any = self.any(mask);
            place = self.place_if(any, place);
        }
        let scalar = self.load_scalar(element, place);
        let register = self.broadcast(scalar, ty);
        let Some(mask) = mask else {
            return Registers::from_elem(register, self.count);
        };
        let masks = self.lanes(mask);
        masks.into_iter().map(|mask| self.keep_lanes(register, mask, ty)).collect()
    }

    /// A register's lanes where a mask is set, zero elsewhere.
    pub(super) fn keep_lanes(&mut self, register: Reg, mask: Reg, ty: LaneType) -> Reg {
        if ty == LaneType::Bool {
            return self.and_masks(register, mask, Extent::Group);
        }
        let length = self.length(ty, Extent::Group);
        if self.isa.evex() {
            let op = of_lanes!(self.lane_size(ty, Extent::Group), Vmovupd, Vmovups, Vmovdqu16, Vmovdqu8);
            return self.machine.zeroed(op, length, register, mask);
        }
        let mask = self.mask_for(mask, ty, Extent::Group);
        self.machine.binary(VectorOp::Vpand, length, register, mask)
    }

    /// The place of register `k` of neighbouring elements.
    pub(super) fn neighbours(&self, place: Place, k: usize, buffer: Buffer) -> Place {
        moved(place, self.group * self.element_size(buffer) * k)
    }

    fn load_neighbours(
        &mut self,
        buffer: Buffer,
        address: &Address,
        mask: Option<Value>,
        element: DType,
    ) -> Registers {
        let ty = element.lane();
        let masks = self.active_mask(mask);
        let first = self.first_place(buffer, address);
        (0..self.count)
            .map(|k| {
                let place = self.neighbours(first, k, buffer);
                let mask = masks.as_ref().map(|masks| masks[k]);
                if !element.fills_lane() {
                    return self.load_shorts(element, place, mask);
                }
                self.load_register(ty, place, mask)
            })
            .collect()
    }

    /// A register of neighbouring elements, zero where the mask is not set.
    pub(super) fn load_register(&mut self, ty: LaneType, place: Place, mask: Option<Reg>) -> Reg {
        let length = self.length(ty, Extent::Group);
        let source = Source::Memory(place);
        match mask {
            None => self.machine.unary(of_size!(ty, Vmovupd, Vmovups), length, source),
            Some(mask) if self.isa.evex() => {
                self.machine.zeroed(of_size!(ty, Vmovupd, Vmovups), length, source, mask)
            }
            Some(mask) => {
                let mask = self.mask_for(mask, ty, Extent::Group);
                self.machine.zeroed(of_size!(ty, Vmaskmovpd, Vmaskmovps), length, source, mask)
            }
        }
    }

    /// For register `k`: the address from which lanes count, and each lane's distance to it in elements.
    fn scattered(&mut self, buffer: Buffer, address: &Address, k: usize) -> (Reg, Reg, i32) {
        match address.lanes {
            Lanes::Strided(stride) => {
                let distances = self.distances(stride);
                let place = self.first_place(buffer, address);
                let mut pointer = self.machine.address_of(place);
                if k > 0 {
                    let stride = self.scalar(stride);
                    let step = (self.group * k * self.element_size(buffer)) as i32;
                    let step = self.machine.fresh(Kind::MultiplyImm(true, step), &[stride]);
                    pointer = self.machine.alu(Alu::Add, true, pointer, step);
                }
                (pointer, distances, 0)
            }
            Lanes::Gather(index) => {
                let (base, displacement) = match self.walked(buffer, address) {
                    Some(place) => (self.machine.address_of(place), 0),
                    None => self.base(buffer, address.base),
                };
                (base, self.lanes(index)[k], displacement)
            }
            Lanes::Uniform | Lanes::Unit | Lanes::Part { .. } => unreachable!("not scattered"),
        }
    }

    /// The places of single lanes.
    fn lane_places(&mut self, base: Reg, distances: Reg, displacement: i32, buffer: Buffer) -> Vec<Place> {
        let length = self.length(LaneType::I64, Extent::Group);
        let own = self.scratch(Scratch::Operand(0));
        self.machine.store_vector(VectorOp::VmovupdTo, length, distances, Place::Own(own), None);
        let scale = self.scale(buffer);
        (0..self.group as i32)
            .map(|lane| {
                let index = self.machine.load(8, Place::Own(own + 8 * lane));
                Place::Address { base, index: Some((index, scale)), displacement }
            })
            .collect()
    }

    fn load_scattered(
        &mut self,
        buffer: Buffer,
        address: &Address,
        mask: Option<Value>,
        element: DType,
    ) -> Registers {
        let ty = element.lane();
        let masks = self.active_mask(mask);
        if masks.is_none()
            && let Some(places) = self.strided_places(buffer, address)
        {
            let registers = places.chunks(self.group).map(|places| match element.fills_lane() {
                true => self.load_joined(ty, places),
                false => self.load_shorts_one_by_one(element, places, None),
            });
            return registers.collect();
        }
        (0..self.count)
            .map(|k| {
                let (base, distances, displacement) = self.scattered(buffer, address, k);
                let mask = masks.as_ref().map(|masks| masks[k]);
                // Processors of short registers gather at half the speed of single loads, if that.
                let joined = mask.is_none() && !self.isa.evex();
                if joined || !element.fills_lane() {
                    let places = self.lane_places(base, distances, displacement, buffer);
                    return match element.fills_lane() {
                        true => self.load_joined(ty, &places),
                        false => self.load_shorts_one_by_one(element, &places, mask),
                    };
                }
                let mask = match mask {
                    Some(mask) => self.mask_for(mask, ty, Extent::Group),
                    None => self.full(),
                };
                let old = self.constant_register(0, ty, Extent::Group);
                let length = self.length(LaneType::I64, Extent::Group);
                let op = of_size!(ty, Vgatherqpd, Vgatherqps);
                let scale = self.scale(buffer);
                self.machine.gather(op, length, old, base, distances, scale, displacement, mask)
            })
            .collect()
    }

    /// Stores an element, or one for each lane.
    pub(super) fn store(&mut self, buffer: Buffer, address: &Address, value: Value, mask: Option<Value>) {
        let element = self.element_of(buffer);
        let ty = element.lane();
        let one = matches!(address.lanes, Lanes::Uniform) || self.one_by_one;
        if one && !self.is_varying(value) && mask.is_none_or(|mask| !self.is_varying(mask)) {
            return self.store_one(buffer, address, value, mask);
        }
        let registers = self.lanes(value);
        if self.store_near(buffer, address, &registers, mask) {
            return;
        }
        let masks = self.active_mask(mask);
        match address.lanes {
            Lanes::Unit => {
                let first = self.first_place(buffer, address);
                for (k, register) in registers.into_iter().enumerate() {
                    let place = self.neighbours(first, k, buffer);
                    let mask = masks.as_ref().map(|masks| masks[k]);
                    match element.fills_lane() {
                        true => self.store_register(ty, register, place, mask),
                        false => self.store_shorts(element, register, place, mask),
                    }
                }
            }
            Lanes::Uniform => {
                let place = self.first_place(buffer, address);
                for (k, register) in registers.into_iter().enumerate() {
                    let mask = masks.as_ref().map(|masks| masks[k]);
                    let places = vec![place; self.group];
                    self.store_one_by_one(element, register, &places, mask);
                }
            }
            Lanes::Part { .. } => unreachable!("stored together with others"),
            Lanes::Strided(_) | Lanes::Gather(_) => {
                self.store_scattered(buffer, address, &registers, masks.as_deref());
            }
        }
    }

    fn store_scattered(
        &mut self,
        buffer: Buffer,
        address: &Address,
        registers: &[Reg],
        masks: Option<&[Reg]>,
    ) {
        let element = self.element_of(buffer);
        let ty = element.lane();
        let strided = if masks.is_some() { None } else { self.strided_places(buffer, address) };
        let scatters = strided.is_none() && self.isa.evex() && element.fills_lane();
        for (k, register) in registers.iter().copied().enumerate() {
            let mask = masks.map(|masks| masks[k]);
            if scatters {
                let (base, distances, displacement) = self.scattered(buffer, address, k);
                let mask = mask.unwrap_or_else(|| self.full());
                let length = self.length(LaneType::I64, Extent::Group);
                let (op, scale) = (of_size!(ty, Vscatterqpd, Vscatterqps), self.scale(buffer));
                self.machine.scatter(op, length, register, base, distances, scale, displacement, mask);
                continue;
            }
            let places = match &strided {
                Some(places) => places[k * self.group..][..self.group].to_vec(),
                None => {
                    let (base, distances, displacement) = self.scattered(buffer, address, k);
                    self.lane_places(base, distances, displacement, buffer)
                }
            };
            match element.fills_lane() && mask.is_none() {
                true => self.store_split(ty, register, &places),
                false => self.store_one_by_one(element, register, &places, mask),
            }
        }
    }

    fn store_one(&mut self, buffer: Buffer, address: &Address, value: Value, mask: Option<Value>) {
        let mut place = self.first_place(buffer, address);
        if let Some(mask) = mask {
            let mask = self.scalar(mask);
            place = self.place_or_dump(mask, place);
        }
        let element = self.element_of(buffer);
        let register = self.scalar(self.before_masks(value, element));
        self.store_scalar(element, register, place);
    }

    /// A value without the masks that leave all of the bits that an element has.
    fn before_masks(&self, mut value: Value, element: DType) -> Value {
        let all = !(u64::MAX << (element.bits() - 1) << 1);
        while let Inst::Op(LaneOp::IAnd, args) = &self.code.values[value].inst
            && self.bits(args[1]).is_some_and(|mask| mask & all == all)
            && self.is_available(args[0])
        {
            value = args[0];
        }
        value
    }

    /// The place itself where a condition holds, and elsewhere one that nobody reads.
    pub(super) fn place_or_dump(&mut self, condition: Reg, place: Place) -> Place {
        let dump = self.scratch(Scratch::Dump);
        let dump = self.machine.address_of(Place::Own(dump));
        self.place_or(condition, place, dump)
    }

    fn store_scalar(&mut self, element: DType, register: Reg, place: Place) {
        let ty = element.lane();
        match ty {
            LaneType::F32 | LaneType::F64 => {
                let op = of_size!(ty, VmovsdTo, VmovssTo);
                self.machine.store_vector(op, Length::L128, register, place, None);
            }
            _ => self.machine.store(element.size() as u8, register, place),
        }
    }

    pub(super) fn store_register(&mut self, ty: LaneType, register: Reg, place: Place, mask: Option<Reg>) {
        let length = self.length(ty, Extent::Group);
        let op = match mask {
            Some(_) if !self.isa.evex() => of_size!(ty, VmaskmovpdTo, VmaskmovpsTo),
            _ => of_size!(ty, VmovupdTo, VmovupsTo),
        };
        let mask = mask.map(|mask| self.mask_for(mask, ty, Extent::Group));
        self.machine.store_vector(op, length, register, place, mask);
    }

    /// Lanes one after the other, so that where several go to one element the last one stays.
    pub(super) fn store_one_by_one(
        &mut self,
        element: DType,
        register: Reg,
        places: &[Place],
        mask: Option<Reg>,
    ) {
        let ty = element.lane();
        let active = mask.map(|mask| self.mask_bits(mask, Extent::Group));
        let bits = (ty == LaneType::Bool).then(|| self.mask_bits(register, Extent::Group));
        let own = self.scratch(Scratch::Operand(0));
        if ty != LaneType::Bool {
            let length = self.length(ty, Extent::Group);
            let op = of_size!(ty, VmovupdTo, VmovupsTo);
            self.machine.store_vector(op, length, register, Place::Own(own), None);
        }
        for (lane, place) in places.iter().enumerate() {
            let place = match active {
                Some(active) => {
                    let wanted = self.machine.alu_imm(Alu::And, false, active, 1 << lane);
                    self.place_or_dump(wanted, *place)
                }
                None => *place,
            };
            let lane = match bits {
                Some(bits) => {
                    let bit = match lane {
                        0 => bits,
                        lane => self.machine.in_place(Kind::Shift(Shift::Shr, false, lane as u8), bits, None),
                    };
                    self.machine.alu_imm(Alu::And, false, bit, 1)
                }
                None => self.machine.load(size(ty) as u8, Place::Own(own + (lane * size(ty)) as i32)),
            };
            self.machine.store(element.size() as u8, lane, place);
        }
    }

    /// Where the first element comes from that a block's nodes load from neighbours, and its size.
    pub(super) fn first_loaded(&mut self, nodes: &[Node]) -> Option<(Place, usize)> {
        nodes.iter().find_map(|node| match node {
            Node::Let(value) if self.ty(*value) != LaneType::Bool => match &self.code.values[*value].inst {
                Inst::Load { buffer, address, .. } if matches!(address.lanes, Lanes::Unit) => {
                    Some((self.first_place(*buffer, address), self.element_size(*buffer)))
                }
                _ => None,
            },
            _ => None,
        })
    }

    /// Where the first element goes that a block's nodes store, and its size.
    pub(super) fn first_stored(&mut self, nodes: &[Node]) -> Option<(Place, usize)> {
        nodes.iter().find_map(|node| match node {
            Node::Store { buffer, address, .. } => {
                Some((self.first_place(*buffer, address), self.element_size(*buffer)))
            }
            _ => None,
        })
    }

    /// How many elements come before the first at a multiple of a register's size, from one of this size at this place on.
    pub(super) fn elements_before_aligned(&mut self, (place, element): (Place, usize)) -> Reg {
        let (address, zero) = (self.machine.address_of(place), self.machine.imm(0));
        let up = self.machine.alu(Alu::Sub, true, zero, address);
        let bytes = self.machine.alu_imm(Alu::And, false, up, (self.group * element) as i32 - 1);
        self.machine.in_place(Kind::Shift(Shift::Shr, false, element.trailing_zeros() as u8), bytes, None)
    }
}

/// A place so many bytes further on.
pub(super) fn moved(place: Place, bytes: usize) -> Place {
    let bytes = bytes as i32;
    match place {
        Place::Address { base, index, displacement } => {
            Place::Address { base, index, displacement: displacement + bytes }
        }
        Place::Own(offset) => Place::Own(offset + bytes),
        Place::Constant(_) => unreachable!("a constant is no array"),
    }
}
