//! Escape times as a coloured picture.

use ndarray::Array2;
use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

/// Writes escape times as a PNG: points that never escape are black, the others run through a cyclic palette.
pub fn write_png(path: &Path, counts: &Array2<i32>, limit: i32) -> Result<(), Box<dyn std::error::Error>> {
    let (height, width) = counts.dim();
    let mut encoder = png::Encoder::new(BufWriter::new(File::create(path)?), width as u32, height as u32);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let pixels: Vec<u8> = counts.iter().flat_map(|count| colour(*count, limit)).collect();
    encoder.write_header()?.write_image_data(&pixels)?;
    Ok(())
}

fn colour(count: i32, limit: i32) -> [u8; 3] {
    if count >= limit {
        return [0, 0, 0];
    }
    // Three cosines out of phase, slower for later escapes.
    let t = (count as f64).sqrt() * 0.9;
    [0.0, 0.9, 1.8].map(|phase| (127.5 - 127.5 * (t + phase + 0.5).cos()) as u8)
}
