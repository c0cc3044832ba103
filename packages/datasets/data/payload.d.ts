/** One data file: its bytes compressed with gzip and written in base64 (line breaks allowed). */
export declare const payload: string;
