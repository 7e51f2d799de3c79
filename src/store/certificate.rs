//! Certificates as DER under their SHA-256; observations name them by it. What is in them is the probe's business.

use sqlx::SqliteConnection;

use super::{Store, StoreError, body::sha256};

impl Store {
    /// The DER of a certificate by its SHA-256 (hex, as observations write it).
    pub async fn certificate(&self, hex: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let mut connection = self.connection().await;
        let row: Option<(Vec<u8>,)> = sqlx::query_as("SELECT der FROM certificate WHERE sha256 = unhex(?1)")
            .bind(hex)
            .fetch_optional(&mut *connection)
            .await?;
        Ok(row.map(|(der,)| der))
    }
}

/// Keeps certificates, each once, with the time it was seen last.
pub(super) async fn keep(
    certificates: &[Vec<u8>],
    at: i64,
    connection: &mut SqliteConnection,
) -> Result<(), StoreError> {
    for der in certificates {
        sqlx::query(
            "INSERT INTO certificate (sha256, last_seen, der) VALUES (?1, ?2, ?3)
             ON CONFLICT DO UPDATE SET last_seen = max(last_seen, excluded.last_seen)",
        )
        .bind(&sha256(der)[..])
        .bind(at)
        .bind(der)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}
