//! Which processor this is, where instruction sets do not tell what is fast.

/// Whether it has four pipes of 512 bits: those of AMD from Zen 5 on.
pub(crate) fn has_four_pipes() -> bool {
    this().is_some_and(|this| &this.maker == b"AuthenticAMD" && this.family >= 0x1a)
}

/// Whether it decodes anew, again and again, the lines of 32 bytes in which jumps cross the end or touch it: those of Intel from
/// Skylake to Comet Lake, since their microcode was changed (erratum "Jump Conditional Code").
pub(crate) fn decodes_jumps_anew() -> bool {
    const MODELS: [u32; 8] = [0x4e, 0x55, 0x5e, 0x8e, 0x9e, 0xa5, 0xa6, 0xae];
    this().is_some_and(|this| {
        &this.maker == b"GenuineIntel" && this.family == 6 && MODELS.contains(&this.model)
    })
}

#[cfg_attr(not(target_arch = "x86_64"), allow(dead_code))]
struct Processor {
    maker: [u8; 12],
    family: u32,
    model: u32,
}

/// This one. It is asked once: where the machine is a virtual one, the answer takes long.
#[cfg(target_arch = "x86_64")]
fn this() -> Option<&'static Processor> {
    use std::arch::x86_64::__cpuid;
    use std::sync::OnceLock;
    static THIS: OnceLock<Processor> = OnceLock::new();
    Some(THIS.get_or_init(|| {
        let vendor = __cpuid(0);
        let mut maker = [0; 12];
        for (part, name) in maker.chunks_mut(4).zip([vendor.ebx, vendor.edx, vendor.ecx]) {
            part.copy_from_slice(&name.to_le_bytes());
        }
        let version = __cpuid(1).eax;
        let [family, further_family] = [version >> 8 & 0xf, version >> 20 & 0xff];
        let [model, further_model] = [version >> 4 & 0xf, version >> 16 & 0xf];
        Processor { maker, family: family + further_family, model: further_model << 4 | model }
    }))
}

#[cfg(not(target_arch = "x86_64"))]
fn this() -> Option<&'static Processor> {
    None
}
