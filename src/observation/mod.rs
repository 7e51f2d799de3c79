//! What was seen: one document per site, and the catalogue of facts that rules may name. Never a verdict.
