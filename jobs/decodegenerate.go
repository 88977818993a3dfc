package jobs

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"cogpass/jobs/yamldoc"
)

// The keys of generate and passwordPolicy.
var (
	recipeKeys = []string{"length", "symbols", "words", "exclude"}
	policyKeys = []string{"minLength", "upper", "lower", "digit", "symbol"}
)

// set stores the value of a key of generate.
func (r *Recipe) set(key, text string) (bad problem) {
	switch key {
	case "length":
		r.Length, bad = checkCount(key, text, leastLength, maxPassword)
	case "words":
		r.Words, bad = checkCount(key, text, fewestWords, mostWords)
	case "symbols":
		var said choice
		said, bad = checkChoice(key, text)
		r.Symbols = SymbolSet(said.index())
	case "exclude":
		r.Exclude = text
	}
	return bad
}

// ref returns how a plan names the recipe.
func (r Recipe) ref() PasswordRef { return PasswordRef{Kind: GeneratedPassword, Name: r.String()} }

// checkCount reads a whole number, written without anything around it.
func checkCount(what, text string, least, most int) (int, problem) {
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > most || strconv.Itoa(n) != text {
		return 0, problem{message: fmt.Sprintf("%s is not a whole number from %d to %d", what, least, most)}
	}
	return n, problem{}
}

// decodeRecipe reads what stands under generate.
func (d *decoder) decodeRecipe(n *yamldoc.Node) PasswordRef {
	before := d.faults.Len()
	of, _ := d.fields(n, "generate", recipeKeys)
	var r Recipe
	for _, key := range recipeKeys {
		if n, text, ok := d.textOf(of, key); ok {
			d.problem(n, r.set(key, text))
		}
	}
	if d.faults.Len() > before {
		return PasswordRef{Kind: faultyPassword}
	}
	return r.ref()
}

// recipe reads {"length": 12, …}, the value of "generate" in a row.
func (r *jsonRow) recipe() PasswordRef {
	var recipe Recipe
	if !r.expect("generate", "an object") {
		return PasswordRef{}
	}
	r.keys(map[string]int{}, func(at int, key string) {
		value := r.start()
		switch {
		case !slices.Contains(recipeKeys, key):
			r.skip()
			message, hint := unknown("key", key, recipeKeys)
			if hint == "" {
				hint = "the keys here are " + strings.Join(recipeKeys, ", ")
			}
			r.fault(at, message, hint)
		case r.kind() == "a number":
			r.skip()
			r.problem(value, recipe.set(key, string(r.text[value:r.at])))
		default:
			if text, ok := r.scalar(value, key); ok {
				r.problem(value, recipe.set(key, text))
			}
		}
	})
	return recipe.ref()
}

func (d *decoder) decodePolicy(fields map[string]field) {
	f, ok := fields["passwordPolicy"]
	if !ok {
		return
	}
	of, ok := d.fields(f.value, "passwordPolicy", policyKeys)
	if !ok {
		return
	}
	if len(of) == 0 {
		d.fault(follow(f.value), "as {minLength: 12, upper: true, lower: true, digit: true, symbol: true}", "passwordPolicy asks for nothing")
	}
	p := Policy{MinLength: leastLength}
	d.decodeCount(of, "minLength", leastLength, mostMinLength, &p.MinLength)
	d.decodeBool(of, "upper", &p.Upper)
	d.decodeBool(of, "lower", &p.Lower)
	d.decodeBool(of, "digit", &p.Digit)
	d.decodeBool(of, "symbol", &p.Symbol)
	d.job.PasswordPolicy = &p
}

const mostMinLength = 99 // that Cognito lets a policy have

// checkRecipe holds a recipe against the job's policy, or against none.
func (r *reading) checkRecipe(ref PasswordRef) checkedRef {
	recipe, err := ParseRecipe(ref.Name)
	if err != nil {
		return checkedRef{problem{err.Error(), ""}, ref}
	}
	var p Policy
	if r.job.PasswordPolicy != nil {
		p = *r.job.PasswordPolicy
	}
	_, bad := recipe.generator(p)
	return checkedRef{bad, ref}
}
