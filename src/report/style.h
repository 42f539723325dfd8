#ifndef ND_REPORT_STYLE_H
#define ND_REPORT_STYLE_H

/*
 * The style of the page. A table becomes a list of blocks below 960 pixels,
 * where its columns would not fit; on paper everything is smaller instead.
 * Colours never say anything alone: the number stands beside them. Blue and
 * orange differ for the colour-blind, too.
 */
extern const char report_style[];

#endif
