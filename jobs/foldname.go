package jobs

// FoldName returns the same text for all names that differ in case or Unicode
// form only, as names are compared where the pool may ignore case.
func FoldName(name string) string {
	plain := true
	for i := range len(name) {
		if c := name[i]; c >= 0x80 || 'A' <= c && c <= 'Z' {
			plain = false
			break
		}
	}
	if plain {
		return name
	}
	f := newFolder(false)
	return f.key(name)
}
