package sandbox

// Help is the long help of `cogpass sandbox`.
const Help = ""
