#!/bin/sh
# Makes the responses and lists of this folder anew, with OpenSSL 3. Keys are thrown away.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

cat > conf <<EOF
[req]
distinguished_name = dn
[dn]
[ca]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[leaf]
subjectAltName = DNS:a.test
extendedKeyUsage = serverAuth
[responder]
extendedKeyUsage = OCSPSigning
noCheck = ignored
[lists]
database = index.txt
crlnumber = number
default_md = sha256
default_crl_days = 7
crl_extensions = plain
[plain]
authorityKeyIdentifier = keyid
[shard]
authorityKeyIdentifier = keyid
issuingDistributionPoint = critical, @point
[point]
fullname = URI:http://crl.test/7.crl
onlyuser = TRUE
EOF
key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1.key" 2>/dev/null; }
make() { # name, serial, section, subject
	key "$1"
	openssl req -new -key "$1.key" -subj "$4" -config conf -out "$1.csr"
	openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -set_serial "$2" -days 9000 \
		-extfile conf -extensions "$3" -out "$1.pem" 2>/dev/null
}
sed -i '/noCheck/d' conf
key ca
openssl req -x509 -new -key ca.key -subj /C=VN/CN=OCSP-Test-CA -days 9000 -config conf -extensions ca -set_serial 1 -out ca.pem
make leaf 0x1001 leaf /CN=a.test
make revoked 0x1002 leaf /CN=b.test
make stranger 0x1003 leaf /CN=c.test
make responder 0x1004 responder /CN=Responder
printf 'V\t491231235959Z\t\t1001\tunknown\t/CN=a.test\n' > index.txt
printf 'R\t491231235959Z\t260101000000Z,keyCompromise\t1002\tunknown\t/CN=b.test\n' >> index.txt
echo 01 > number
touch index.txt.attr

answer() { # certificate, signer, output, more arguments
	openssl ocsp -issuer ca.pem -cert "$1.pem" -no_nonce -reqout request.der 2>/dev/null
	certificate=$1 signer=$2 output=$3
	shift 3
	openssl ocsp -index index.txt -CA ca.pem -rsigner "$signer.pem" -rkey "$signer.key" -reqin request.der \
		-respout "$output.der" -ndays 7 "$@" > /dev/null 2>&1
	[ "$certificate" != leaf ] || cp request.der "$here/request.der"
	cp "$output.der" "$here/"
}
answer leaf ca good
answer revoked ca revoked
answer stranger ca unknown
answer leaf responder delegated -resp_key_id
openssl x509 -in leaf.pem -outform DER -out "$here/leaf.der"
openssl x509 -in ca.pem -outform DER -out "$here/issuer.der"
sed -i 's/^default_crl_days/private_key = ca.key\ncertificate = ca.pem\ndefault_crl_days/' conf
openssl ca -config conf -name lists -gencrl -crlexts plain -out list.pem 2>/dev/null
openssl crl -in list.pem -outform DER -out "$here/list.crl"
openssl ca -config conf -name lists -gencrl -crlexts shard -out shard.pem 2>/dev/null
openssl crl -in shard.pem -outform DER -out "$here/shard.crl"
