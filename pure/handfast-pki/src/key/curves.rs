//! Curves: factors of up to about 30 bits, by H. W. Lenstra's method with Montgomery's curves.
//!
//! A point is multiplied by many small numbers. Where their product is a multiple of the order of the curve modulo a
//! factor, the point becomes the neutral element there and not elsewhere, and a greatest common divisor gives the
//! factor away. Each curve has another order, so each is another chance. In: an odd number without tiny factors.
//! Out: a factor, mostly a prime, or none.

use num_bigint::BigUint;

/// One curve finds about one factor of 30 bits in six, all of them 995 in 1000 (counted over 20,000 factors).
const CURVES: u32 = 28;

/// Suyama's parameter of the first curve: 0 to 5 give none.
const FIRST: u32 = 6;

/// The order may be a product of prime powers up to this...
const SMOOTH: u32 = 200;

/// ... and of one more prime up to [`STEP`] * `GIANTS`.
const GIANTS: usize = 40;

/// 2 * 3 * 5 * 7: a prime above it is a multiple of it plus or minus one of 24 numbers.
const STEP: u32 = 210;

/// Looks for a factor other than 1. The curves are the same each time, and so is the answer.
pub(super) fn factor_of(modulus: &BigUint) -> Option<BigUint> {
    let ring = Ring { modulus };
    let exponent = smooth_number();
    (FIRST..FIRST + CURVES).find_map(|sigma| ring.try_curve(sigma, &exponent).err())
}

/// The least common multiple of the numbers up to [`SMOOTH`].
fn smooth_number() -> BigUint {
    (2..=SMOOTH)
        .filter(|number| (2..*number).all(|divisor| !number.is_multiple_of(divisor)))
        .fold(BigUint::from(1u32), |product, prime| {
            product * prime.pow(SMOOTH.ilog(prime))
        })
}

/// Numbers below the modulus.
struct Ring<'a> {
    modulus: &'a BigUint,
}

/// The first coordinate of a point, as a fraction.
#[derive(Clone)]
struct Point {
    x: BigUint,
    z: BigUint,
}

/// (A + 2) / 4 of `y^2 = x^3 + A x^2 + x`.
struct Curve(BigUint);

impl Ring<'_> {
    /// The error is a factor.
    fn try_curve(&self, sigma: u32, exponent: &BigUint) -> Result<(), BigUint> {
        let (curve, start) = self.curve(sigma)?;
        let point = self.multiply(&curve, &start, exponent);
        let babies = self.babies(&curve, &point);
        let giants = self.giants(&curve, &point);
        let mut points = babies;
        let count = points.len();
        points.extend(giants);
        let affine = self.affine(&points)?;
        let (babies, giants) = affine.split_at(count);
        let mut product = BigUint::from(1u32);
        for giant in giants {
            for baby in babies {
                product = self.mul(&product, &self.sub(giant, baby));
            }
        }
        self.invert(&product).map(drop)
    }

    /// Suyama's curve, whose order is a multiple of 12, and a point of it.
    fn curve(&self, sigma: u32) -> Result<(Curve, Point), BigUint> {
        let sigma = BigUint::from(sigma);
        let u = &sigma * &sigma - 5u32;
        let v = &sigma * 4u32;
        let cube = |number: &BigUint| self.mul(&self.mul(number, number), number);
        let (x, z) = (cube(&u), cube(&v));
        let above = self.mul(&cube(&self.sub(&v, &u)), &(&u * 3u32 + &v));
        let below = self.mul(&(&x * 16u32), &v);
        let inverse = self.invert(&self.mul(&below, &z))?;
        let curve = Curve(self.mul(&above, &self.mul(&inverse, &z)));
        // With a denominator of 1, half of the ladder is cheaper.
        let x = self.mul(&x, &self.mul(&inverse, &below));
        let z = BigUint::from(1u32);
        Ok((curve, Point { x, z }))
    }

    /// Montgomery's ladder; `factor` is not 0.
    fn multiply(&self, curve: &Curve, point: &Point, factor: &BigUint) -> Point {
        let mut low = point.clone();
        let mut high = self.double(curve, point);
        for bit in (0..factor.bits().saturating_sub(1)).rev() {
            let sum = self.add(&low, &high, point);
            if factor.bit(bit) {
                high = self.double(curve, &high);
                low = sum;
            } else {
                low = self.double(curve, &low);
                high = sum;
            }
        }
        low
    }

    /// The multiples by the numbers up to half a [`STEP`] that share no factor with it.
    fn babies(&self, curve: &Curve, point: &Point) -> Vec<Point> {
        let twice = self.double(curve, point);
        // -1 and 1 have the same first coordinate.
        let (mut before, mut odd) = (point.clone(), point.clone());
        let mut babies = Vec::new();
        for number in (1..STEP / 2).step_by(2) {
            if [3, 5, 7].iter().all(|prime| !u32::is_multiple_of(number, *prime)) {
                babies.push(odd.clone());
            }
            let next = self.add(&odd, &twice, &before);
            before = std::mem::replace(&mut odd, next);
        }
        babies
    }

    /// The multiples by [`STEP`], twice that, and so on.
    fn giants(&self, curve: &Curve, point: &Point) -> Vec<Point> {
        let first = self.multiply(curve, point, &BigUint::from(STEP));
        let second = self.double(curve, &first);
        let mut giants = vec![first.clone(), second];
        while let [.., before, last] = &giants[..]
            && giants.len() < GIANTS
        {
            giants.push(self.add(last, &first, before));
        }
        giants
    }

    fn double(&self, curve: &Curve, point: &Point) -> Point {
        let sum = self.square(&(&point.x + &point.z));
        let difference = self.square(&self.sub(&point.x, &point.z));
        let middle = self.sub(&sum, &difference);
        let below = difference.clone() + self.mul(&curve.0, &middle);
        Point {
            x: self.mul(&sum, &difference),
            z: self.mul(&middle, &below),
        }
    }

    /// The sum of two points whose difference is known.
    fn add(&self, one: &Point, other: &Point, difference: &Point) -> Point {
        let crossed = self.mul(&self.sub(&one.x, &one.z), &(&other.x + &other.z));
        let back = self.mul(&(&one.x + &one.z), &self.sub(&other.x, &other.z));
        Point {
            x: self.mul(&difference.z, &self.square(&(&crossed + &back))),
            z: self.mul(&difference.x, &self.square(&self.sub(&crossed, &back))),
        }
    }

    /// The fractions as numbers, with one inversion for all of them.
    fn affine(&self, points: &[Point]) -> Result<Vec<BigUint>, BigUint> {
        let mut products = vec![BigUint::from(1u32)];
        for point in points {
            let last = &products[products.len() - 1];
            products.push(self.mul(last, &point.z));
        }
        let mut inverse = self.invert(&products[points.len()])?;
        let mut numbers = Vec::with_capacity(points.len());
        for (point, before) in points.iter().zip(&products).rev() {
            numbers.push(self.mul(&point.x, &self.mul(&inverse, before)));
            inverse = self.mul(&inverse, &point.z);
        }
        numbers.reverse();
        Ok(numbers)
    }

    /// What has no inverse shares a factor with the modulus, and that is the error.
    fn invert(&self, number: &BigUint) -> Result<BigUint, BigUint> {
        number
            .modinv(self.modulus)
            .ok_or_else(|| common_divisor(number.clone(), self.modulus.clone()))
    }

    fn mul(&self, one: &BigUint, other: &BigUint) -> BigUint {
        one * other % self.modulus
    }

    fn square(&self, number: &BigUint) -> BigUint {
        self.mul(number, number)
    }

    fn sub(&self, one: &BigUint, other: &BigUint) -> BigUint {
        if one >= other {
            one - other
        } else {
            one + self.modulus - other
        }
    }
}

/// Euclid's algorithm.
pub(super) fn common_divisor(mut one: BigUint, mut other: BigUint) -> BigUint {
    let zero = BigUint::from(0u32);
    while other != zero {
        let rest = one % &other;
        one = std::mem::replace(&mut other, rest);
    }
    one
}
