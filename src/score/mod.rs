//! Weighs verdicts: points, caps, brackets, coverage, grades. The only place that multiplies weights.
