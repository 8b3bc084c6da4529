// The order archive (table 5107), under the names of the standard API page of Business Central 29, so that both read alike.
page 50111 "SEC Order Archives"
{
    APIPublisher = 'syncengine';
    APIGroup = 'companion';
    APIVersion = 'v1.0';
    EntityName = 'salesOrderArchive';
    EntitySetName = 'salesOrderArchives';
    EntityCaption = 'Sales Order Archive';
    EntitySetCaption = 'Sales Order Archives';
    PageType = API;
    ODataKeyFields = SystemId;
    SourceTable = "Sales Header Archive";
    InsertAllowed = false;
    ModifyAllowed = false;
    DeleteAllowed = false;
    Editable = false;
    SourceTableView = where("Document Type" = const(Order));
    DelayedInsert = true;
    Extensible = false;

    layout
    {
        area(Content)
        {
            repeater(Records)
            {
                field(id; Rec.SystemId)
                {
                    Caption = 'Id';
                    Editable = false;
                }
                field(number; Rec."No.")
                {
                    Caption = 'Number';
                    Editable = false;
                }
                field(docNoOccurrence; Rec."Doc. No. Occurrence")
                {
                    Caption = 'Doc no occurrence';
                    Editable = false;
                }
                field(versionNumber; Rec."Version No.")
                {
                    Caption = 'Version number';
                    Editable = false;
                }
                field(sellToCustomerNumber; Rec."Sell-to Customer No.")
                {
                    Caption = 'Sell to customer number';
                    Editable = false;
                }
                field(sellToCustomerName; Rec."Sell-to Customer Name")
                {
                    Caption = 'Sell to customer name';
                    Editable = false;
                }
                field(sellToAddress; Rec."Sell-to Address")
                {
                    Caption = 'Sell to address';
                    Editable = false;
                }
                field(sellToAddress2; Rec."Sell-to Address 2")
                {
                    Caption = 'Sell to address2';
                    Editable = false;
                }
                field(sellToCity; Rec."Sell-to City")
                {
                    Caption = 'Sell to city';
                    Editable = false;
                }
                field(sellToCounty; Rec."Sell-to County")
                {
                    Caption = 'Sell to county';
                    Editable = false;
                }
                field(sellToPostCode; Rec."Sell-to Post Code")
                {
                    Caption = 'Sell to post code';
                    Editable = false;
                }
                field(sellToCountryRegionCode; Rec."Sell-to Country/Region Code")
                {
                    Caption = 'Sell to country region code';
                    Editable = false;
                }
                field(sellToContact; Rec."Sell-to Contact")
                {
                    Caption = 'Sell to contact';
                    Editable = false;
                }
                field(sellToContactNumber; Rec."Sell-to Contact No.")
                {
                    Caption = 'Sell to contact number';
                    Editable = false;
                }
                field(billToCustomerNumber; Rec."Bill-to Customer No.")
                {
                    Caption = 'Bill to customer number';
                    Editable = false;
                }
                field(billToName; Rec."Bill-to Name")
                {
                    Caption = 'Bill to name';
                    Editable = false;
                }
                field(billToAddress; Rec."Bill-to Address")
                {
                    Caption = 'Bill to address';
                    Editable = false;
                }
                field(billToAddress2; Rec."Bill-to Address 2")
                {
                    Caption = 'Bill to address2';
                    Editable = false;
                }
                field(billToCity; Rec."Bill-to City")
                {
                    Caption = 'Bill to city';
                    Editable = false;
                }
                field(billToCounty; Rec."Bill-to County")
                {
                    Caption = 'Bill to county';
                    Editable = false;
                }
                field(billToPostCode; Rec."Bill-to Post Code")
                {
                    Caption = 'Bill to post code';
                    Editable = false;
                }
                field(billToCountryRegionCode; Rec."Bill-to Country/Region Code")
                {
                    Caption = 'Bill to country region code';
                    Editable = false;
                }
                field(billToContact; Rec."Bill-to Contact")
                {
                    Caption = 'Bill to contact';
                    Editable = false;
                }
                field(shipToName; Rec."Ship-to Name")
                {
                    Caption = 'Ship to name';
                    Editable = false;
                }
                field(shipToAddress; Rec."Ship-to Address")
                {
                    Caption = 'Ship to address';
                    Editable = false;
                }
                field(shipToAddress2; Rec."Ship-to Address 2")
                {
                    Caption = 'Ship to address2';
                    Editable = false;
                }
                field(shipToCity; Rec."Ship-to City")
                {
                    Caption = 'Ship to city';
                    Editable = false;
                }
                field(shipToCounty; Rec."Ship-to County")
                {
                    Caption = 'Ship to county';
                    Editable = false;
                }
                field(shipToPostCode; Rec."Ship-to Post Code")
                {
                    Caption = 'Ship to post code';
                    Editable = false;
                }
                field(shipToCountryRegionCode; Rec."Ship-to Country/Region Code")
                {
                    Caption = 'Ship to country region code';
                    Editable = false;
                }
                field(shipToContact; Rec."Ship-to Contact")
                {
                    Caption = 'Ship to contact';
                    Editable = false;
                }
                field(orderDate; Rec."Order Date")
                {
                    Caption = 'Order date';
                    Editable = false;
                }
                field(documentDate; Rec."Document Date")
                {
                    Caption = 'Document date';
                    Editable = false;
                }
                field(postingDate; Rec."Posting Date")
                {
                    Caption = 'Posting date';
                    Editable = false;
                }
                field(dueDate; Rec."Due Date")
                {
                    Caption = 'Due date';
                    Editable = false;
                }
                field(shipmentDate; Rec."Shipment Date")
                {
                    Caption = 'Shipment date';
                    Editable = false;
                }
                field(shortcutDimension1Code; Rec."Shortcut Dimension 1 Code")
                {
                    Caption = 'Shortcut dimension1 code';
                    Editable = false;
                }
                field(shortcutDimension2Code; Rec."Shortcut Dimension 2 Code")
                {
                    Caption = 'Shortcut dimension2 code';
                    Editable = false;
                }
                field(currencyCode; Rec."Currency Code")
                {
                    Caption = 'Currency code';
                    Editable = false;
                }
                field(pricesIncludingVAT; Rec."Prices Including VAT")
                {
                    Caption = 'Prices including vat';
                    Editable = false;
                }
                field(paymentTermsCode; Rec."Payment Terms Code")
                {
                    Caption = 'Payment terms code';
                    Editable = false;
                }
                field(shipmentMethodCode; Rec."Shipment Method Code")
                {
                    Caption = 'Shipment method code';
                    Editable = false;
                }
                field(shippingAgentCode; Rec."Shipping Agent Code")
                {
                    Caption = 'Shipping agent code';
                    Editable = false;
                }
                field(shippingAgentServiceCode; Rec."Shipping Agent Service Code")
                {
                    Caption = 'Shipping agent service code';
                    Editable = false;
                }
                field(salespersonCode; Rec."Salesperson Code")
                {
                    Caption = 'Salesperson code';
                    Editable = false;
                }
                field(locationCode; Rec."Location Code")
                {
                    Caption = 'Location code';
                    Editable = false;
                }
                field(externalDocumentNumber; Rec."External Document No.")
                {
                    Caption = 'External document number';
                    Editable = false;
                }
                field(yourReference; Rec."Your Reference")
                {
                    Caption = 'Your reference';
                    Editable = false;
                }
                field(requestedDeliveryDate; Rec."Requested Delivery Date")
                {
                    Caption = 'Requested delivery date';
                    Editable = false;
                }
                field(status; Rec.Status)
                {
                    Caption = 'Status';
                    Editable = false;
                }
                field(responsibilityCenter; Rec."Responsibility Center")
                {
                    Caption = 'Responsibility center';
                    Editable = false;
                }
                field(dateArchived; Rec."Date Archived")
                {
                    Caption = 'Date archived';
                    Editable = false;
                }
                field(archivedBy; Rec."Archived By")
                {
                    Caption = 'Archived by';
                    Editable = false;
                }
                field(lastModifiedDateTime; Rec.SystemModifiedAt)
                {
                    Caption = 'Last modified date time';
                    Editable = false;
                }
                part(salesOrderArchiveLines; "SEC Order Archive Lines")
                {
                    Caption = 'Lines';
                    EntityName = 'salesOrderArchiveLine';
                    EntitySetName = 'salesOrderArchiveLines';
                    SubPageLink = "Document Type" = field("Document Type"), "Document No." = field("No."), "Doc. No. Occurrence" = field("Doc. No. Occurrence"), "Version No." = field("Version No.");
                }
            }
        }
    }
}
