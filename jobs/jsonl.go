package jobs

import "io"

type jsonlRows struct{}

func newJSONLRows(in *input, file, poolID string, report reporter) *jsonlRows { return nil }

func (r *jsonlRows) next() (entry, bool, error) { return entry{}, false, io.EOF }

func (r *jsonlRows) snippet(offset int64, column int) string { return "" }
