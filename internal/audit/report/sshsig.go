package report

import (
	"bytes"
	"crypto/rand"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"

	"golang.org/x/crypto/ssh"
)

// SignatureNamespace keeps a signature of an export from being taken for one of anything else.
const SignatureNamespace = "licensebot-audit"

// The format is that of OpenSSH, PROTOCOL.sshsig.
const (
	signatureMagic = "SSHSIG"
	signatureHash  = "sha512"
	armorWidth     = 70
)

// ReadSigner reads a private key of OpenSSH without a passphrase.
func ReadSigner(key []byte) (ssh.Signer, error) {
	signer, err := ssh.ParsePrivateKey(key)
	if _, locked := errors.AsType[*ssh.PassphraseMissingError](err); locked {
		return nil, errors.New("the key has a passphrase: use one without")
	}
	if err != nil {
		return nil, errors.New("it is no private key of OpenSSH: make one with ssh-keygen -t ed25519")
	}
	return signer, nil
}

// sign makes a signature that ssh-keygen -Y verify accepts.
func sign(signer ssh.Signer, message []byte) ([]byte, error) {
	digest := sha512.Sum512(message)
	toSign := append([]byte(signatureMagic), ssh.Marshal(struct{ Namespace, Reserved, Hash, Digest string }{
		SignatureNamespace, "", signatureHash, string(digest[:]),
	})...)
	signature, err := signBytes(signer, toSign)
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	blob := append([]byte(signatureMagic), ssh.Marshal(struct {
		Version                                   uint32
		Key, Namespace, Reserved, Hash, Signature string
	}{1, string(signer.PublicKey().Marshal()), SignatureNamespace, "", signatureHash, string(ssh.Marshal(signature))})...)
	return armor(blob), nil
}

// signBytes asks an RSA key for SHA-2, because OpenSSH refuses SHA-1.
func signBytes(signer ssh.Signer, message []byte) (*ssh.Signature, error) {
	if chooser, ok := signer.(ssh.AlgorithmSigner); ok && signer.PublicKey().Type() == ssh.KeyAlgoRSA {
		return chooser.SignWithAlgorithm(rand.Reader, message, ssh.KeyAlgoRSASHA512)
	}
	return signer.Sign(rand.Reader, message)
}

func armor(blob []byte) []byte {
	var b bytes.Buffer
	b.WriteString("-----BEGIN SSH SIGNATURE-----\n")
	text := base64.StdEncoding.EncodeToString(blob)
	for len(text) > armorWidth {
		b.WriteString(text[:armorWidth] + "\n")
		text = text[armorWidth:]
	}
	b.WriteString(text + "\n-----END SSH SIGNATURE-----\n")
	return b.Bytes()
}
