//! How much code and constant data a library has: the sections of the object files in its archive.
//!
//! ```text
//! !<arch>  │ header, 60 bytes │ object │ header │ object │ …        sizes of ELF sections that are loaded
//! ```

/// Bytes that programs which use all of a library load.
#[derive(Clone, Copy, Default)]
pub struct Sizes {
    /// Machine code.
    pub code: u64,
    /// Constants, and tables for unwinding.
    pub data: u64,
}

/// The sizes in an archive of ELF objects; nothing of files of other kinds.
pub fn sizes(archive: &[u8]) -> Sizes {
    let mut sizes = Sizes::default();
    let mut rest = archive.strip_prefix(b"!<arch>\n").unwrap_or_default();
    while let Some((header, behind)) = rest.split_at_checked(60) {
        let length = std::str::from_utf8(&header[48..58]).ok().and_then(|text| text.trim().parse().ok());
        let Some((member, behind)) = length.and_then(|length: usize| behind.split_at_checked(length)) else {
            break;
        };
        add(&mut sizes, member);
        // Members begin at even places.
        rest = behind.get(member.len() % 2..).unwrap_or_default();
    }
    sizes
}

/// Adds the sections of an object, if it is one of 64 bits.
fn add(sizes: &mut Sizes, object: &[u8]) {
    const IS_LOADED: u64 = 2;
    const IS_CODE: u64 = 4;
    if !object.starts_with(b"\x7fELF\x02\x01") {
        return;
    }
    let number = |at: u64, length: usize| -> Option<u64> {
        let bytes = object.get(at as usize..at as usize + length)?;
        Some(bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    };
    let headers = (|| Some((number(0x28, 8)?, number(0x3a, 2)?, number(0x3c, 2)?)))();
    let (table, length, count) = headers.unwrap_or_default();
    for section in 0..count {
        let header = table + section * length;
        let (Some(flags), Some(size)) = (number(header + 8, 8), number(header + 32, 8)) else { return };
        if flags & IS_CODE != 0 {
            sizes.code += size;
        } else if flags & IS_LOADED != 0 {
            sizes.data += size;
        }
    }
}
