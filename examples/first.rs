use ndarray::*;
use parfuse::prelude::*;
const SQRT_2PI: f64 = 2.506_628_274_631_000_5;
#[kernel]
pub fn gaussians(x: f64, means: &ArrayRef1<f64>, widths: &ArrayRef1<f64>) -> Array1<f64> {
    let n = means.len();
    let result = (-0.5 * ((x - means) / widths).powi(2)).exp() / widths;
    result / SQRT_2PI / n as f64
}
fn main() -> Result<(), Error> {
    let (m, w) = (Array1::linspace(-1.0, 1.0, 1000), Array1::from_elem(1000, 0.1));
    println!("{}", gaussians::kernel().program()?);
    println!("{}", gaussians::kernel().loops()?);
    println!("{}", gaussians::kernel().lane()?);
    println!("{}", gaussians::kernel().explain()?);
    let r = gaussians(0.4, &m, &w);
    let s = gaussians::serial(0.4, &m, &w)?;
    println!("{:?} {:?}", r, s);
    Ok(())
}
