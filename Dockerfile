# A static binary, the certificate authorities and an empty /data: no shell,
# no package manager, no root.
#
#   docker build --build-arg VERSION=v1.2.3 -t licensebot .
#   docker run --env-file licensebot.env -v licensebot-data:/data licensebot
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=""
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.stamped=${VERSION}" -o /out/licensebot ./cmd/licensebot \
 && mkdir -p /out/data

FROM scratch
LABEL org.opencontainers.image.title="licensebot" \
      org.opencontainers.image.description="Ask for UiPath user licenses in Slack, approve with a reaction" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /out/licensebot /licensebot
COPY LICENSE /LICENSE
# A new volume takes its owner from the folder it is mounted on.
COPY --from=build --chown=65532:65532 /out/data /data
USER 65532:65532
WORKDIR /data
VOLUME /data
# The sandbox command wants a place for temporary files; there is no /tmp.
ENV LICENSEBOT_DATABASE_URL=sqlite:///data/licensebot.db \
    LICENSEBOT_HTTP_ADDR=0.0.0.0:8080 \
    TMPDIR=/data
EXPOSE 8080
STOPSIGNAL SIGTERM
ENTRYPOINT ["/licensebot"]
CMD ["serve"]
