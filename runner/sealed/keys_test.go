package sealed_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"strings"

	"golang.org/x/crypto/ssh"
)

const passphrase = "open sesame"

// The SSH keys of these tests: public, private, and private with the passphrase.
var (
	ed25519Public, ed25519Private, ed25519Protected = sshKeys(ed25519Key())
	rsaPublic, rsaPrivate, rsaProtected             = sshKeys(rsaKey(2048))
	weakPublic, _, _                                = sshKeys(rsaKey(1024))
	ecdsaPublic, ecdsaPrivate, _                    = sshKeys(ecdsaKey())
)

func ed25519Key() crypto.Signer {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	return must(key, err)
}

func rsaKey(bits int) crypto.Signer { return must(rsa.GenerateKey(rand.Reader, bits)) }

func ecdsaKey() crypto.Signer { return must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)) }

func sshKeys(key crypto.Signer) (public, private, protected string) {
	public = strings.TrimSpace(string(ssh.MarshalAuthorizedKey(must(ssh.NewPublicKey(key.Public())))))
	private = string(pem.EncodeToMemory(must(ssh.MarshalPrivateKey(key, "ana"))))
	protected = string(pem.EncodeToMemory(must(ssh.MarshalPrivateKeyWithPassphrase(key, "ana", []byte(passphrase)))))
	return public, private, protected
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
