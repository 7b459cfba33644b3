# A static binary, the certificate authorities and an empty folder for the database: no
# shell, no package manager, no root. docs/deploy.md says how to run it.
#
#   docker build --build-arg VERSION=v1.2.3 -t licensebot .
#
# SOURCE says where the binary comes from: "build" compiles it here, "release" takes the
# one that the release recipe has compiled for the platform.
ARG SOURCE=build

FROM --platform=$BUILDPLATFORM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=""
ARG TARGETOS TARGETARCH
RUN CGO_ENABLED=0 GOOS=${TARGETOS} GOARCH=${TARGETARCH} \
    go build -trimpath -ldflags "-s -w -X main.stamped=${VERSION}" -o /out/licensebot ./cmd/licensebot

FROM --platform=$BUILDPLATFORM golang:1.26 AS release
ARG TARGETPLATFORM
COPY ${TARGETPLATFORM}/licensebot /out/licensebot

FROM ${SOURCE} AS binary
RUN mkdir -p /out/data

FROM scratch
LABEL org.opencontainers.image.title="licensebot" \
      org.opencontainers.image.description="Ask for UiPath user licenses in Slack, approve with a reaction" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=binary /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=binary /out/licensebot /licensebot
COPY LICENSE /LICENSE
# A new volume takes its owner from the folder it is mounted on.
COPY --from=binary --chown=65532:65532 /out/data /var/lib/licensebot
USER 65532:65532
# The database is licensebot.db in this folder, unless the configuration says otherwise.
WORKDIR /var/lib/licensebot
VOLUME /var/lib/licensebot
# The sandbox command wants a place for temporary files; there is no /tmp.
ENV LICENSEBOT_HTTP_ADDR=0.0.0.0:8080 \
    TMPDIR=/var/lib/licensebot
EXPOSE 8080
STOPSIGNAL SIGTERM
ENTRYPOINT ["/licensebot"]
CMD ["serve"]
