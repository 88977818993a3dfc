package runfile

import "encoding/hex"

// packUUID returns the 16 bytes of a UUID in its usual form, which is what
// AWS's request IDs and subs are, and any other text as it is; "" is nil.
func packUUID(s string) any {
	if s == "" {
		return nil
	}
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return s
	}
	b, err := hex.DecodeString(s[:8] + s[9:13] + s[14:18] + s[19:23] + s[24:])
	if err != nil || formatUUID(b) != s {
		return s
	}
	return b
}

func formatUUID(b []byte) string {
	h := hex.EncodeToString(b)
	if len(h) != 32 {
		return h
	}
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}
