//! The code in the README compiles.

use super::rustc::Libraries;
use std::fs;
use std::path::Path;

#[test]
fn the_code_in_the_readme_compiles() {
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let blocks =
        text.split("```rust\n").skip(1).map(|rest| rest.split("```").next().expect("a closed block"));
    // The first block is a whole program, the others go on with what it has.
    let mut program = String::from("#![allow(unused)]\n");
    for (number, block) in blocks.enumerate() {
        program += block;
        if number == 0 {
            program += "fn further() -> Result<(), Error> {\n";
            program += "let (means, widths) = (Array1::<f64>::ones(3), Array1::<f64>::ones(3));\n";
        }
    }
    program += "Ok(())\n}\n";
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("readme.rs");
    fs::write(&file, program).unwrap();
    let output = Libraries::get().check(&file);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
