package approvals

import "crypto/rand"

// idAlphabet is Crockford's base 32: no letter that reads like a digit.
const idAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// NewID returns a fresh request id such as "R-7K3F9QXA". It is random rather
// than counted, so that a request of one database is never mistaken for one
// of another that spoke in the same channel before.
func NewID() string {
	var raw [8]byte
	_, _ = rand.Read(raw[:]) // crypto/rand.Read never fails
	id := []byte("R-")
	for _, b := range raw {
		id = append(id, idAlphabet[b%32])
	}
	return string(id)
}
