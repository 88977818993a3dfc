package jobs

import (
	"slices"
	"strings"
)

// choice is which of the words of a key was given: its place in choices, from 1.
// 0 is none, so that cmp.Or finds the nearest level that gives one.
type choice uint8

// choices are the words of the keys that take one of a few. What stands first
// is what holds where none is given.
var choices = map[string][]string{
	"signOut":        {"false", "true", "always"}, // in the order of SignOutRule
	"enable":         {"false", "true"},
	"ifMissing":      {"fail", "create"},
	"invite":         {"none", "email", "sms"}, // in the order of Invite
	"onImpossible":   {"fail", "skip"},
	"allowFederated": {"false", "true"},
	"enabled":        {"false", "true"},
	"recheck":        {"false", "true"},
	"verified":       {"any", "email", "phone"},
	"symbols":        symbolSets, // in the order of SymbolSet
}

// second is the choice of what is not the default, of keys with two words.
const second choice = 2

// index returns the place of the word from 0, which is that of the default
// where none was given.
func (c choice) index() uint8 { return uint8(max(c, 1)) - 1 }

// checkChoice reads the value of a key that takes one of a few words.
func checkChoice(key, text string) (choice, problem) {
	words := choices[key]
	at := slices.Index(words, text)
	if at < 0 {
		hint := ""
		if meant := nearest(text, words); meant != "" {
			hint = didYouMean(meant)
		}
		last := len(words) - 1
		return 0, problem{key + " is not " + strings.Join(words[:last], ", ") + " or " + words[last], hint}
	}
	return choice(at + 1), problem{}
}

// decodeChoice reads such a key of a mapping.
func (d *decoder) decodeChoice(fields map[string]field, key string) choice {
	n, text, ok := d.textOf(fields, key)
	if !ok {
		return 0
	}
	c, p := checkChoice(key, text)
	d.problem(n, p)
	return c
}
