//! Certificates as DER under their SHA-256; observations name them by it. What is in them is the probe's business.

use sqlx::SqliteConnection;

use super::{Store, StoreError, body::sha256, time};
use crate::observation::Document;

impl Store {
    /// Keeps certificates, each once.
    pub async fn add_certificates<'a>(
        &self,
        certificates: impl IntoIterator<Item = &'a [u8]>,
        seen: jiff::Timestamp,
    ) -> Result<(), StoreError> {
        let seen = time::to_sql(seen)?;
        let mut connection = self.connection().await;
        let mut transaction = super::begin(&mut connection).await?;
        for der in certificates {
            sqlx::query(
                "INSERT INTO certificate (sha256, last_seen, der) VALUES (?1, ?2, ?3)
                 ON CONFLICT DO UPDATE SET last_seen = max(last_seen, excluded.last_seen)",
            )
            .bind(&sha256(der)[..])
            .bind(seen)
            .bind(der)
            .execute(&mut *transaction)
            .await?;
        }
        Ok(transaction.commit().await?)
    }

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

/// Notes when the certificates of a document were last seen; those that are not kept stay unknown.
pub(super) async fn seen(
    document: &Document,
    at: i64,
    connection: &mut SqliteConnection,
) -> Result<(), StoreError> {
    let chains = document.endpoints().iter().filter_map(|endpoint| endpoint.get("certificate"));
    let certificates = chains.flat_map(|chain| {
        let issuers = chain.pointer("/issuers/items").and_then(serde_json::Value::as_array);
        chain.get("leaf").into_iter().chain(issuers.into_iter().flatten())
    });
    let names: Vec<&str> =
        certificates.filter_map(|certificate| certificate.get("sha256")?.as_str()).collect();
    if names.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "UPDATE certificate SET last_seen = ?2
         WHERE last_seen < ?2 AND sha256 IN (SELECT unhex(value) FROM json_each(?1))",
    )
    .bind(serde_json::Value::from(names).to_string())
    .bind(at)
    .execute(connection)
    .await?;
    Ok(())
}
