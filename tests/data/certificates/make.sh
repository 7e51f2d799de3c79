#!/bin/sh
# Makes the certificates of this folder that rcgen cannot make: old hashes and keys, version 1, RSASSA-PSS, odd
# extensions. Needs OpenSSL 3. Keys are thrown away. A chain file holds the leaf first and never the root.
# Validity is fixed, so tests with a fixed moment of observation never rot.
set -eu
cd "$(dirname "$0")"
keys=$(mktemp -d)
trap 'rm -rf "$keys"' EXIT
rm -f ./*.pem

cat > "$keys/ca.cnf" <<CNF
[ca]
default_ca = any
[any]
database = $keys/index
new_certs_dir = $keys
rand_serial = yes
unique_subject = no
policy = anything
default_md = sha256
email_in_dn = no
preserve = yes
string_mask = utf8only
[anything]
countryName = optional
organizationName = optional
commonName = optional
[req]
distinguished_name = dn
string_mask = utf8only
utf8 = yes
prompt = no
[dn]
CNF
: > "$keys/index"

# key NAME ALGORITHM [OPTION…]
key() {
    name=$1 algorithm=$2
    shift 2
    openssl genpkey -quiet -algorithm "$algorithm" "$@" -out "$keys/$name.key" 2>/dev/null ||
        openssl genpkey -algorithm "$algorithm" "$@" -out "$keys/$name.key" 2>/dev/null
}

# issue NAME SUBJECT ISSUER EXTENSIONS [OPTION…]: the certificate for NAME's key, in $keys/NAME.pem. ISSUER may be
# NAME itself. No extensions at all make a certificate of version 1.
start=20250101000000Z end=20491231235959Z
issue() {
    name=$1 subject=$2 issuer=$3 extensions=$4
    shift 4
    openssl req -new -utf8 -config "$keys/ca.cnf" -key "$keys/$name.key" -subj "$subject" -out "$keys/$name.csr"
    if [ "$name" = "$issuer" ]; then by=-selfsign; else by="-cert $keys/$issuer.pem"; fi
    printf '%b\n' "[x]\n$extensions" > "$keys/x.cnf"
    if [ -n "$extensions" ]; then with="-extfile $keys/x.cnf -extensions x"; else with=; fi
    # shellcheck disable=SC2086
    openssl ca -batch -notext -utf8 -config "$keys/ca.cnf" -keyfile "$keys/$issuer.key" $by $with \
        -startdate "$start" -enddate "$end" -in "$keys/$name.csr" -out "$keys/$name.pem" "$@" 2>"$keys/log" ||
        { cat "$keys/log"; exit 1; }
}

# chain FILE NAME…
chain() {
    file=$1
    shift
    for name; do cat "$keys/$name.pem"; done > "$file.pem"
}

ca='basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid'
server='basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\nsubjectAltName=DNS:a.gov.vn,DNS:*.b.gov.vn,IP:192.0.2.1,IP:2001:db8::1'
rsa='RSA -pkeyopt rsa_keygen_bits:2048'
p256='EC -pkeyopt ec_paramgen_curve:P-256'

# shellcheck disable=SC2086
{
key root $rsa;      issue root '/C=VN/O=UBND tỉnh/CN=Root' root "$ca"
key ca $p256;       issue ca '/C=VN/CN=Issuing CA' root "$ca"
key leaf $p256;     issue leaf '/C=VN/CN=a.gov.vn' ca "$server"
chain root root
chain good leaf ca
chain missing leaf

issue leaf '/C=VN/CN=a.gov.vn' ca "$server" -startdate 20200101000000Z -enddate 20251231235959Z
chain expired-leaf leaf ca

issue ca '/C=VN/CN=Issuing CA' root "$ca" -md sha1
issue leaf '/C=VN/CN=a.gov.vn' ca "$server"
chain sha1-issuer leaf ca
issue leaf '/C=VN/CN=a.gov.vn' root "$server" -md md5
chain md5-leaf leaf
issue leaf '/C=VN/CN=a.gov.vn' root "$server" -md sha224
chain sha224-leaf leaf
issue leaf '/C=VN/CN=a.gov.vn' root "$server" -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32
chain pss leaf
issue leaf '/C=VN/CN=a.gov.vn' root "$server" -md sha1 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:20
chain pss-sha1 leaf
issue leaf '/C=VN/CN=a.gov.vn' root ''
chain v1-leaf leaf

key ca RSA -pkeyopt rsa_keygen_bits:1024
issue ca '/C=VN/CN=Short CA' root "$ca"
issue leaf '/C=VN/CN=a.gov.vn' ca "$server"
chain rsa1024-issuer leaf ca
issue leaf '/C=VN/CN=a.gov.vn' ca "$server" -md sha384
chain rsa1024-sha384 leaf ca
key short RSA -pkeyopt rsa_keygen_bits:1024
issue short '/C=VN/CN=a.gov.vn' root "$server"
chain rsa1024-leaf short

key ca $p256
issue ca '/C=VN/CN=Expired CA' root "$ca" -startdate 20200101000000Z -enddate 20251231235959Z
issue leaf '/C=VN/CN=a.gov.vn' ca "$server"
chain expired-issuer leaf ca
issue ca '/C=VN/CN=Early CA' root "$ca" -startdate 20300101000000Z
issue leaf '/C=VN/CN=a.gov.vn' ca "$server"
chain early-issuer leaf ca

issue ca '/C=VN/CN=Constrained CA' root "$ca\nnameConstraints=critical,permitted;DNS:gov.vn"
issue leaf '/C=VN/CN=a.gov.vn' ca "subjectAltName=DNS:a.gov.vn\nextendedKeyUsage=serverAuth"
chain constrained leaf ca
issue leaf '/C=VN/CN=a.example' ca "subjectAltName=DNS:a.gov.vn,DNS:a.example\nextendedKeyUsage=serverAuth"
chain constrained-outside leaf ca

issue ca '/C=VN/CN=No Signing CA' root 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,digitalSignature'
issue leaf '/C=VN/CN=a.gov.vn' ca "$server"
chain no-cert-sign leaf ca
issue ca '/C=VN/CN=Not a CA' root 'basicConstraints=critical,CA:FALSE'
issue leaf '/C=VN/CN=a.gov.vn' ca "$server"
chain not-a-ca leaf ca
issue ca '/C=VN/CN=No constraints' root 'keyUsage=critical,keyCertSign'
issue leaf '/C=VN/CN=a.gov.vn' ca "$server"
chain no-basic-constraints leaf ca
issue ca '/C=VN/CN=Client CA' root "$ca\nextendedKeyUsage=clientAuth"
issue leaf '/C=VN/CN=a.gov.vn' ca "$server"
chain client-issuer leaf ca
issue ca '/C=VN/CN=Flat CA' root "$ca\nbasicConstraints=critical,CA:TRUE,pathlen:0"
key ca2 $p256
issue ca2 '/C=VN/CN=Lower CA' ca "$ca"
issue leaf '/C=VN/CN=a.gov.vn' ca2 "$server"
chain path-length leaf ca2 ca
issue ca '/C=VN/CN=Critical CA' root "$ca\n1.2.3.4=critical,ASN1:NULL"
issue leaf '/C=VN/CN=a.gov.vn' ca "$server"
chain critical-issuer leaf ca

issue leaf '/C=VN/CN=a.gov.vn' root "$server\n1.2.3.4=critical,ASN1:NULL"
chain critical-leaf leaf
issue leaf '/C=VN/CN=a.gov.vn' root 'extendedKeyUsage=clientAuth\nsubjectAltName=DNS:a.gov.vn'
chain client-leaf leaf
issue leaf '/C=VN/CN=a.gov.vn' root 'basicConstraints=critical,CA:TRUE\nsubjectAltName=DNS:a.gov.vn'
chain ca-leaf leaf
issue leaf '/C=VN/CN=a.gov.vn' root 'basicConstraints=CA:FALSE'
chain no-names leaf

# Critical policy extensions, as government authorities have them.
issue ca '/C=VN/CN=Policy CA' root "$ca\ncertificatePolicies=critical,1.2.3.4\npolicyConstraints=critical,inhibitPolicyMapping:0\ninhibitAnyPolicy=critical,0"
issue leaf '/C=VN/CN=a.gov.vn' ca "$server\ncertificatePolicies=critical,1.2.3.4"
chain critical-policies leaf ca
issue leaf '/C=VN/CN=a.gov.vn' ca "$server\ncertificatePolicies=critical,1.2.3.4\n1.2.3.4=critical,ASN1:NULL"
chain critical-policies-and-more leaf ca
issue ca '/C=VN/CN=Policy CA' root "$ca\ncertificatePolicies=critical,1.2.3.4" -startdate 20200101000000Z -enddate 20251231235959Z
issue leaf '/C=VN/CN=a.gov.vn' ca "$server"
chain critical-policies-expired leaf ca
issue ca '/C=VN/CN=Demanding CA' root "$ca\ncertificatePolicies=critical,1.2.3.4\npolicyConstraints=critical,requireExplicitPolicy:0"
issue leaf '/C=VN/CN=a.gov.vn' ca "$server"
chain explicit-policy leaf ca
issue ca '/C=VN/CN=Policy CA' root "$ca\ncertificatePolicies=critical,1.2.3.4\nextendedKeyUsage=clientAuth"
issue leaf '/C=VN/CN=a.gov.vn' ca "$server"
chain critical-policies-client leaf ca
issue ca '/C=VN/CN=Policy CA' root "$ca\ncertificatePolicies=critical,1.2.3.4\nnameConstraints=critical,permitted;DNS:example"
issue leaf '/C=VN/CN=a.gov.vn' ca "$server"
chain critical-policies-constrained leaf ca

# The right name, another key: with key identifiers it is another authority, without it is a forgery.
key ca $p256;   issue ca '/C=VN/CN=Issuing CA' root "$ca"
issue leaf '/C=VN/CN=a.gov.vn' ca "$server"
key ca $p256;   issue ca '/C=VN/CN=Issuing CA' root "$ca"
chain rekeyed-issuer leaf ca
issue leaf '/C=VN/CN=a.gov.vn' ca 'subjectAltName=DNS:a.gov.vn\nauthorityKeyIdentifier=none'
key ca $p256;   issue ca '/C=VN/CN=Issuing CA' root "$ca"
chain other-key leaf ca

# Signers that OpenSSL takes and browsers do not, and a short root.
key ca EC -pkeyopt ec_paramgen_curve:secp256k1;     issue ca '/CN=k256 CA' root "$ca"
issue leaf '/CN=a.gov.vn' ca "$server";             chain secp256k1-issuer leaf ca
key ca ED448;                                       issue ca '/CN=ed448 CA' root "$ca"
issue leaf '/CN=a.gov.vn' ca "$server" -md null;    chain ed448-issuer leaf ca
key short RSA -pkeyopt rsa_keygen_bits:1024;        issue short '/CN=Short root' short "$ca"; chain short-root short
issue leaf '/CN=a.gov.vn' short "$server";          chain short-root-leaf leaf

# Another algorithm each, signed by itself.
key x RSA -pkeyopt rsa_keygen_bits:512;             issue x '/CN=old device' x '' -md md5;  chain self-v1-rsa512-md5 x
key x RSA -pkeyopt rsa_keygen_bits:1024;            issue x '/CN=old device' x "$server" -md sha1; chain self-rsa1024-sha1 x
openssl genpkey -genparam -algorithm DSA -pkeyopt dsa_paramgen_bits:1024 -out "$keys/dsa" 2>/dev/null
openssl genpkey -paramfile "$keys/dsa" -out "$keys/x.key"; issue x '/CN=dsa' x "$server" -md sha256; chain self-dsa x
cp "$keys/x.key" "$keys/dsa.key"; issue dsa '/CN=DSA root' dsa "$ca"; chain dsa-root dsa
issue leaf '/CN=a.gov.vn' dsa "$server";            chain dsa-issuer leaf
key x EC -pkeyopt ec_paramgen_curve:P-521;          issue x '/CN=p521' x "$server" -md sha512; chain self-p521 x
key x EC -pkeyopt ec_paramgen_curve:secp224r1;      issue x '/CN=p224' x "$server";          chain self-p224 x
key x EC -pkeyopt ec_paramgen_curve:secp256k1;      issue x '/CN=k256' x "$server";          chain self-secp256k1 x
key x EC -pkeyopt ec_paramgen_curve:brainpoolP384r1; issue x '/CN=bp384' x "$server" -md sha384; chain self-brainpool x
key x EC -pkeyopt ec_paramgen_curve:P-256 -pkeyopt ec_param_enc:explicit
                                                    issue x '/CN=explicit' x "$server";      chain self-explicit x
key x ED25519;                                      issue x '/CN=ed25519' x "$server" -md null; chain self-ed25519 x
key x ED448;                                        issue x '/CN=ed448' x "$server" -md null; chain self-ed448 x
key x RSA-PSS -pkeyopt rsa_keygen_bits:2048;        issue x '/CN=pss' x "$server" -sigopt rsa_pss_saltlen:32; chain self-pss-key x
}
ls ./*.pem
