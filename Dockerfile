FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=""
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.stamped=${VERSION}" -o /licensebot ./cmd/licensebot \
 && mkdir /data

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /licensebot /licensebot
COPY --from=build --chown=65532:65532 /data /data
USER 65532:65532
WORKDIR /data
VOLUME /data
ENV LICENSEBOT_DATABASE_URL=sqlite:///data/licensebot.db LICENSEBOT_HTTP_ADDR=0.0.0.0:8080
EXPOSE 8080
ENTRYPOINT ["/licensebot"]
CMD ["serve"]
