//! What every page carries in itself: style with the font, one script, and the policy that allows exactly these two.

use std::sync::LazyLock;

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine as _, engine::general_purpose::STANDARD};

/// Who made a page; a folder whose first page says so may be written anew.
pub const GENERATOR: &str = concat!("khien ", env!("CARGO_PKG_VERSION"));

/// Opens what is folded before printing, and folds it again.
pub(super) const SCRIPT: &str = include_str!("script.js");

const STYLE: &str = include_str!("style.css");

/// Be Vietnam Pro 600 (OFL, font/OFL.txt), reduced to the characters of Vietnamese and English.
const FONTS: [(&[u8], &str); 2] = [
    (
        include_bytes!("font/be-vietnam-pro-600-vietnamese.woff2"),
        "U+0102-0103,U+0110-0111,U+0128-0129,U+0168-0169,U+01A0-01A1,U+01AF-01B0,U+0300-0301,U+0303,U+0309,U+0323,\
         U+1EA0-1EF9,U+20AB",
    ),
    (
        include_bytes!("font/be-vietnam-pro-600-latin.woff2"),
        "U+0020-007E,U+00A0-00FF,U+2013-2014,U+2018-201D,U+2026,U+2212",
    ),
];

/// The whole style sheet.
pub(super) static SHEET: LazyLock<String> = LazyLock::new(|| {
    let mut sheet = String::new();
    for (font, range) in FONTS {
        sheet.push_str("@font-face{font-family:\"Be Vietnam Pro\";font-weight:600;font-display:swap;");
        sheet.push_str("src:url(data:font/woff2;base64,");
        sheet.push_str(&STANDARD.encode(font));
        sheet.push_str(") format(\"woff2\");unicode-range:");
        sheet.push_str(range);
        sheet.push_str("}\n");
    }
    sheet.push_str(STYLE);
    sheet
});

/// The Content-Security-Policy: nothing is fetched; this style and this script, by hash, and the font inside the style.
pub(super) static POLICY: LazyLock<String> = LazyLock::new(|| {
    format!(
        "default-src 'none'; style-src '{}'; script-src '{}'; font-src data:; base-uri 'none'; form-action 'none'",
        source_of(&SHEET),
        source_of(SCRIPT)
    )
});

/// How a policy names inline content.
fn source_of(content: &str) -> String {
    format!("sha256-{}", STANDARD.encode(digest(&SHA256, content.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_style_sheet_closes_no_element_and_fetches_nothing() {
        for text in [SHEET.as_str(), SCRIPT] {
            assert!(!text.contains("</") && !text.contains("<!--"));
        }
        assert!(!SHEET.contains("http:") && !SHEET.contains("https:") && !SHEET.contains("@import"));
        assert_eq!(SHEET.matches("url(").count(), SHEET.matches("url(data:font/woff2;base64,").count());
    }
}
