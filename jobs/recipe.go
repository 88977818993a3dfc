package jobs

import (
	"errors"
	"slices"
	"strconv"
	"strings"
)

// Recipe says how passwords are made. The zero value makes 20 characters, more
// where a policy asks for more, of letters, digits and the safe symbols. It is
// comparable and holds no secret.
type Recipe struct {
	Length  int // in characters; 0: 20, or the policy's least if that is more
	Symbols SymbolSet
	Words   int    // if not 0, a passphrase of so many words is made, and Length is 0
	Exclude string // characters that are not used
}

// SymbolSet is which symbols a password may have.
type SymbolSet uint8

// The sets. Without a policy that asks for a symbol only AnySymbols puts one in,
// but between words.
const (
	SafeSymbols SymbolSet = iota // those that nothing on the way to a reader changes
	NoSymbols
	AnySymbols // all that Cognito counts as such, but a space
)

var symbolSets = []string{SafeSymbols: "safe", NoSymbols: "none", AnySymbols: "any"}

// String returns the set's name in a job.
func (s SymbolSet) String() string {
	if int(s) < len(symbolSets) {
		return symbolSets[s]
	}
	return "unknown"
}

// String returns the recipe as ParseRecipe reads it. Of Exclude it has what matters,
// so that recipes which differ in nothing else have the same text.
func (r Recipe) String() string {
	parts := []string{"symbols=" + r.Symbols.String()}
	if r.Length != 0 {
		parts = append(parts, "length="+strconv.Itoa(r.Length))
	}
	if r.Words != 0 {
		parts = append(parts, "words="+strconv.Itoa(r.Words))
	}
	if exclude := r.excluded(); exclude != "" {
		parts = append(parts, "exclude="+exclude)
	}
	return strings.Join(parts, " ")
}

// excluded returns the characters of Exclude that a password could have, each
// once, in order.
func (r Recipe) excluded() string {
	var used []byte
	for c := byte('!'); c <= '~'; c++ {
		if strings.IndexByte(r.Exclude, c) >= 0 {
			used = append(used, c)
		}
	}
	return string(used)
}

// ParseRecipe reads what String returned.
func ParseRecipe(text string) (r Recipe, err error) {
	bad := errors.New("this is not a recipe of passwords")
	for part := range strings.SplitSeq(text, " ") {
		key, value, _ := strings.Cut(part, "=")
		n, notNumber := strconv.Atoi(value)
		switch {
		case key == "symbols" && slices.Contains(symbolSets, value):
			r.Symbols = SymbolSet(slices.Index(symbolSets, value))
		case key == "length" && notNumber == nil:
			r.Length = n
		case key == "words" && notNumber == nil:
			r.Words = n
		case key == "exclude":
			r.Exclude = value
		default:
			return Recipe{}, bad
		}
	}
	if r.String() != text {
		return Recipe{}, bad
	}
	return r, nil
}
