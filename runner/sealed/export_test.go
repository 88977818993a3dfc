package sealed

// Sealing with a passphrase is quick in tests.
func init() { workFactor = 10 }
