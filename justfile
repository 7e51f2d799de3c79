# One line each; real automation is a subcommand or a test.

# everything a commit must pass
check:
    cargo fmt --check && cargo clippy --all-targets --locked -- -D warnings && cargo test --locked

# all tests, with the real peers installed where missing
test:
    tests/run

# write generated documents anew
bless:
    UPDATE=1 cargo test --test suite -- documents:: schema::

# fuzz one target for five minutes
fuzz target:
    cd fuzz && cargo +nightly fuzz run {{target}} -- -max_total_time=300

# the crate's documentation, broken links denied
doc:
    RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --locked

# licences, bans, sources
deny:
    cargo fetch --locked && cargo deny --offline check bans licenses sources

# judging 10,000 documents by 100 rules
bench:
    cargo bench --bench judge
