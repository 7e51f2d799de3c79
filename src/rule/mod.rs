//! What is right: YAML rules, their conditions over facts, and the finding each one makes of a document.
