# cogpass alone, from nothing, as a user who is not root. make image builds it.
#
#   docker run --rm -v cogpass-state:/var/lib/cogpass -v "$PWD":/job:ro \
#     -e AWS_ACCESS_KEY_ID -e AWS_SECRET_ACCESS_KEY -e AWS_SESSION_TOKEN \
#     cogpass run --yes job.yaml
#
# docs/install.md says more.

FROM --platform=$BUILDPLATFORM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG TARGETOS TARGETARCH VERSION=0.1.0-dev COMMIT COMMIT_TIME
RUN CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH go build -trimpath -buildvcs=false \
      -ldflags "-s -w -X main.version=$VERSION -X main.commit=$COMMIT -X main.commitTime=$COMMIT_TIME" \
      -o /image/usr/bin/cogpass ./cmd/cogpass
# The licenses of what is linked; it fails where one does not go with ours.
RUN go run ./cmd/release licenses /image/usr/share/doc/cogpass/licenses && cp LICENSE /image/usr/share/doc/cogpass/copyright
# A named volume takes its owner and mode from the folder that it is laid over.
RUN install -d -m 0700 -o 65532 -g 65532 /image/var/lib/cogpass && install -d /image/job

FROM scratch
# Debian's package ca-certificates, as the build stage's image has it. Build the
# image anew to have newer ones; --ca-bundle and AWS_CA_BUNDLE name others.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /image/ /
# Run files, the ledger and the pool's lock are to outlive the container.
ENV XDG_STATE_HOME=/var/lib SQLITE_TMPDIR=/var/lib/cogpass TMPDIR=/var/lib/cogpass HOME=/var/lib/cogpass
VOLUME /var/lib/cogpass
# By number, so that Kubernetes can tell that it is not root.
USER 65532:65532
WORKDIR /job
ENTRYPOINT ["/usr/bin/cogpass"]
